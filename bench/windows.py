"""A whole day at the counter on Windows, with the program as it is installed, and TerminateProcess at random moments.

    py bench\\windows.py [--kills 300] [--seed N]

For a Windows Python that has mpesa-cli installed: a shop's own PC, or wine (.ci/windows). First README's clerk's day,
two tills that race for one order, history, receipts, backup and restore, a listener and its callback. Then pushes are
killed in the midst of it, each a process of its own, by TerminateProcess, the listener too; every order is settled, and
the ledger is held against the simulator's record of what it charged. Exits 1 where anything is wrong.
"""

import argparse
import json
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "project"), str(ROOT / "tests" / "crash"), str(ROOT / "bench")]

from console_blocks import Block, blocks, missing, on_screen
from windows_kills import storm

PATIENCE_S = 180
SECRET_NEEDED = "verify UKO4Q7WX2B"  # asks M-PESA itself, with the initiator's password encrypted by `cryptography`


class Day:
    """One shop's folder, and what went wrong in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.wrong: list[str] = []

    def environ(self, home: Path | None = None, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(("MPESA_", "APP_URL"))}
        return {**kept, "MPESA_HOME": str(home or self.home), "COLUMNS": "100", "NO_COLOR": "1", **more}

    def mpesa(
        self, *argv: str, status: int | None = 0, home: Path | None = None, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the installed command to its end; another exit status than ``status`` is wrong; None: any is right."""
        done = subprocess.run(
            [mpesa_exe(), *argv], stdout=subprocess.PIPE, encoding="utf-8", stdin=subprocess.DEVNULL, check=False,
            stderr=subprocess.STDOUT if "MPESA_FORCE_TTY" in more else subprocess.PIPE,
            cwd=self.folder, timeout=PATIENCE_S, env=self.environ(home, **more),
        )
        said = done.stdout + (done.stderr or "")
        if status not in {None, done.returncode} or "Traceback" in said:
            self.wrong.append(f"mpesa {' '.join(argv)} exited {done.returncode}: {said}")
        return done

    def check(self, what: str, holds: bool, but: object = "") -> None:
        if not holds:
            self.wrong.append(f"{what}: {but}")

    @contextmanager
    def serving(self, *argv: str, shown: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """A command that serves, once it has said ``shown``, a pattern whose group is yielded beside it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, encoding="utf-8", cwd=self.folder, env=self.environ(**more),
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert process.stderr
        said = ""
        while (found := re.search(shown, said)) is None:
            line = process.stderr.readline()
            said += line
            if not line:
                raise RuntimeError(f"mpesa {' '.join(argv)} ended with {process.wait()}: {said}")
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        rest.start()
        try:
            yield process, found[1]
        finally:
            process.kill()
            process.wait()


def mpesa_exe() -> str:
    """The launcher that pip put beside this Python, or into its Scripts folder."""
    here = Path(sys.executable).parent
    found = [each for each in (here / "mpesa.exe", here / "Scripts" / "mpesa.exe") if each.exists()]
    if not found:
        sys.exit(f"mpesa-cli is not installed for {sys.executable}.")
    return str(found[0])


def clerks_day(day: Day) -> None:
    """Every command of README's section, with what it shows and how it exits."""
    _, _, after = (ROOT / "README.md").read_text("utf-8").partition("## A clerk's day")
    section, _, _ = after.partition("\n## ")
    day.mpesa("push", "254708374149", "100", "--order", "demo-1")  # what README's first command did before
    found = blocks(section)
    day.check("README's clerk's day", len(found) >= 5, len(found))
    for block in found:
        _type(day, block)


def _type(day: Day, block: Block) -> None:
    for typed in block.typed:
        if typed.command.startswith("printf "):
            text = shlex.split(typed.command.partition(" > ")[0])[1]
            (day.folder / typed.command.partition(" > ")[2]).write_text(text.replace("\\n", "\n"), encoding="utf-8")
            continue
        argv = shlex.split(typed.command)[1:]
        if " ".join(argv).startswith(SECRET_NEEDED):
            print(f"LEFT OUT: {typed.command} (it needs the package cryptography, which wine 8 can't load)")
            continue
        done = day.mpesa(*argv, status=block.status if typed is block.typed[-1] else 0, MPESA_FORCE_TTY="1")
        lost = missing(typed.shown, on_screen(done.stdout))
        day.check(f"{typed.command} does not print", lost is None, f"{lost} but:\n{done.stdout}")


def race(day: Day) -> None:
    """Two processes that ask for one order at once: one attempt, one charge."""
    argv = [sys.executable, "-m", "mpesa_cli", "push", "0112345678", "100", "--order", "raced", "--json"]
    tills = [
        subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=day.environ()
        )
        for _ in range(2)
    ]
    ends = [(each.communicate(timeout=PATIENCE_S), each.returncode) for each in tills]
    day.check("a till of the race", all(status in {0, 8, 9} for _, status in ends), ends)
    stands = json.loads(day.mpesa("status", "raced", "--json").stdout)
    day.check("the raced order", (stands.get("status"), len(stands.get("attempts", ()))) == ("paid", 1), stands)


def papers(day: Day) -> None:
    """What came in, in each of its forms, and receipts on paper, as files, and to a printer on the network."""
    rows = [json.loads(line) for line in day.mpesa("history", "--format", "ndjson").stdout.splitlines()]
    paid = {row["order_id"] for row in rows if row.get("status") == "paid"}
    day.check("paid in the history", {"demo-1", "1042", "raced"} <= paid, rows)
    csv = day.mpesa("history", "--format", "csv").stdout
    day.check("a CSV history's lines", "\r\r" not in csv and "1042" in csv, csv)
    for name in ("r.html", "r.txt", "r.pdf", "r.prn"):
        needs = {"r.pdf": "fpdf", "r.prn": "escpos"}.get(name)
        if needs and not _installed(needs):
            print(f"LEFT OUT: the receipt {name} ({needs} is not installed here)")
            continue
        day.mpesa("receipt", "1042", "--output", name)
        day.check(name, (day.folder / name).stat().st_size > 100)
        day.mpesa("receipt", "1042", "--output", name, status=9)
    if _installed("openpyxl"):
        day.mpesa("export", "day.xlsx")
        day.check("the workbook", (day.folder / "day.xlsx").read_bytes()[:2] == b"PK")
    day.mpesa("export", "day.csv")
    day.mpesa("export", "day.db")
    if _installed("escpos"):
        day.mpesa("receipt", "1042", "--printer", "day.csv", status=2)
        _printed(day)


def _printed(day: Day) -> None:
    jobs: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as printer:
        def take() -> None:
            connection, _ = printer.accept()
            with connection, connection.makefile("rb") as job:
                jobs.append(job.read())

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        day.mpesa("receipt", "1042", "--printer", f"tcp://127.0.0.1:{printer.getsockname()[1]}")
        thread.join(20)
    day.check("the job at the printer", bool(jobs) and len(jobs[0]) > 100, jobs)


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def kept_safe(day: Day) -> None:
    """Secrets in a file, the proof of the whole ledger, its copy, the copy's way back, and a number that is erased."""
    day.mpesa("secrets", "set", "webhook-secret", "--generate", "--store", "file")
    day.mpesa("audit", "verify")
    day.mpesa("backup", "day-backup.db")
    day.mpesa("backup", "day-backup.db", status=9)
    elsewhere = day.folder / "another PC"
    day.mpesa("restore", "day-backup.db", home=elsewhere)
    day.mpesa("restore", "day-backup.db", home=elsewhere, status=9)
    here, there = (day.mpesa("history", "--format", "ndjson", home=home).stdout for home in (None, elsewhere))
    day.check("the restored history", here == there != "", there)
    day.mpesa("audit", "verify", home=elsewhere)
    day.mpesa("push", "254708374149", "1500", "--order", "1042", status=9, home=elsewhere)
    day.mpesa("erase", "0712345678", "--yes")
    day.mpesa("reconcile", "-P", "simulator")
    day.mpesa("doctor", "--report", "doctor.txt")
    report = (day.folder / "doctor.txt").read_text("utf-8")
    day.check("the report", "FAIL" not in report and "lock is held once" in report, report)


def listened(day: Day) -> None:
    """A Daraja of its own, a listener, a prompt that nobody waits for, and the callback that settles it."""
    ready = r"(http://127\.0\.0\.1:\d+)"
    with day.serving("simulator", "serve", "--port", "0", "--speed", "5", shown=ready) as (_, daraja):
        more = {"MPESA_BASE_URL": daraja, "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any",
                "MPESA_ENVIRONMENT": "simulator"}
        shown = r"(?:Listening on|Callbacks come to) (http://127\.0\.0\.1:\d+)"
        with day.serving("listen", "--port", "0", shown=shown, **more) as (listener, url):
            more["APP_URL"] = url
            day.mpesa("push", "254708374149", "100", "--order", "heard", "--no-wait", **more)
            stands = _until_settled(day, more)
            day.check("the callback", stands["status"] == "paid", stands)
            port = int(url.rpartition(":")[2])
            day.mpesa("listen", "--port", str(port), status=10, **more)
            try:
                listener.send_signal(signal.CTRL_BREAK_EVENT)
            except OSError:
                print("LEFT OUT: the listener's end at Ctrl-Break (there is no console here to press it in)")
            else:
                day.check("the listener's end at Ctrl-Break", listener.wait(60) == 0, listener.returncode)


def _until_settled(day: Day, more: dict[str, str]) -> dict[str, Any]:
    for _ in range(20):
        said = day.mpesa("status", "heard", "--no-refresh", "--json", status=None, **more).stdout
        stands: dict[str, Any] = json.loads(said)
        if stands["status"] != "pending":
            break
        time.sleep(0.5)
    return stands


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=300)
    arguments.add_argument("--day", action=argparse.BooleanOptionalAction, default=True)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    wanted = arguments.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[attr-defined]
    print(f"Python {sys.version.split()[0]} on {sys.platform}; seed {wanted.seed}")
    with tempfile.TemporaryDirectory(prefix="mpesa-windows-", ignore_cleanup_errors=True) as folder:
        day = Day(Path(folder))
        for step in (clerks_day, race, papers, kept_safe, listened) if wanted.day else ():
            began, before = time.monotonic(), len(day.wrong)
            step(day)
            verdict = "ok   " if len(day.wrong) == before else "WRONG"
            for words in day.wrong[before:]:
                print(f"WRONG: {words}")
            print(f"{verdict} {step.__name__:<12} {time.monotonic() - began:5.0f} s")
        figures = storm(day.folder / "storm", kills=wanted.kills, seed=wanted.seed)
    for name, value in figures.lines():
        print(f"{name:<44} {value:>8}")
    for words in figures.wrong[:20]:
        print(f"WRONG: {words}")
    return 1 if day.wrong or figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
