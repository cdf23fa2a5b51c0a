"""`mpesa audit verify` on a journal of a million rows: the whole command, against reading the same rows.

    python bench/audit.py [--rows 1000000] [--rounds 3] [--keep FOLDER]

The ledger is a shop's: every payment has an intent, a prompt, Daraja's answer and a callback that says paid or
cancelled, with the callback's raw body; five rows of the journal each, chained as the program chains them. The
yardstick is one pass over the journal and its private side by sqlite3 alone, which does nothing with what it reads.
"""

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from big_ledger import ROWS_PER_PAYMENT, fill
from timing import compiled, machine

PASS_SQL = (
    "SELECT j.seq, j.at_us, j.kind, j.payment_id, j.attempt, j.facts, j.private_digest, j.previous, j.hash, p.key, "
    "p.facts FROM journal j LEFT JOIN journal_private p USING (seq) ORDER BY j.seq"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--keep", type=Path, help="where the ledger is made, or found from an earlier run")
    asked = arguments.parse_args()
    with compiled() as environ, tempfile.TemporaryDirectory() as scratch:
        home = (asked.keep or Path(scratch)).absolute()
        began = time.perf_counter()
        path = fill(home, asked.rows // ROWS_PER_PAYMENT)
        print(f"{machine()}; sqlite {sqlite3.sqlite_version}; {asked.rounds} rounds, the least of them")
        print(f"{asked.rows:,} rows, {path.stat().st_size >> 20} MB, made in {time.perf_counter() - began:.0f} s")
        bare_s, bare_cpu_s = min(bare_pass(path) for _ in range(asked.rounds))
        runs = [audited(environ, home, "verify", "--json") for _ in range(asked.rounds)]
        took_s, cpu_s = min(each.took_s for each in runs), min(each.cpu_s for each in runs)
        said, most_mb = json.loads(runs[0].printed), max(each.most_mb for each in runs)
        if not said["whole"] or said["rows"] < asked.rows:
            raise SystemExit(f"not whole: {said}")
        head = audited(environ, home, "head")
        print(f"{'':<36} {'s':>7} {'CPU s':>7}")
        print(f"{'reading all rows with sqlite3 alone':<36} {bare_s:7.2f} {bare_cpu_s:7.2f}")
        times = cpu_s / bare_cpu_s
        print(f"{'mpesa audit verify':<36} {took_s:7.2f} {cpu_s:7.2f}  {most_mb:.0f} MB, {times:.1f} x the CPU")
        print(f"{'mpesa audit head':<36} {head.took_s:7.2f} {head.cpu_s:7.2f}")


def bare_pass(path: Path) -> tuple[float, float]:
    """Seconds, by the clock and of the processor, to fetch every row once."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        began, worked = time.perf_counter(), time.process_time()
        for _ in connection.execute(PASS_SQL):
            pass
        return time.perf_counter() - began, time.process_time() - worked


@dataclass(frozen=True)
class Run:
    """One whole process: seconds by the clock and of the processor, its most resident memory, what it printed."""

    took_s: float
    cpu_s: float
    most_mb: float
    printed: str


def audited(environ: dict[str, str], home: Path, *argv: str) -> Run:
    """Run one command of `mpesa audit`."""
    start = "from mpesa_cli.start import entry_point; entry_point()"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", start, "audit", *argv], env={**environ, "MPESA_HOME": str(home)},
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv} exited {process.returncode}: {printed}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - began, cpu_s, usage.ru_maxrss / 1024, printed)


if __name__ == "__main__":
    main()
