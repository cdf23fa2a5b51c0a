"""A POST whose process is frozen at each system call for longer than its time: what leaves when it wakes?

    python bench/frozen.py [--rounds 400] [--repeats 3]

The process stops itself with SIGSTOP before or after one call of its socket, is woken when its time is well over, and
a server says what of the body came after that. Between the gate's last look at its clocks and the kernel there is one
place where a stop is not noticed; how wide it is, is measured on POSTs that run through.
"""

import argparse
import socket
import statistics
import sys
import time
from pathlib import Path

from timing import machine

sys.path.append(str(Path(__file__).parents[1] / "tests" / "daraja"))

from frozen_post import ear, frozen_at, steps

from mpesa_cli.daraja.endpoints import checked_base_url
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.wire.exchange import HttpAnswer, Limits
from mpesa_cli.floor.wire.http import Wire

BODY = b'{"Amount": "100", "filler": "' + b"x" * 400 + b'"}'


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=400)
    arguments.add_argument("--repeats", type=int, default=3)
    chosen = arguments.parse_args()
    rounds, repeats = chosen.rounds, chosen.repeats
    print(machine())
    for step in steps():
        woken = [frozen_at(step) for _ in range(repeats)]
        late = sum(bool(each.late) for each in woken)
        print(f"{step:22} left late: {late} of {repeats}   {', '.join(sorted({each.outcome for each in woken}))}")
    print(f"from the last look at the clocks to the kernel: {window_us(rounds)} (POSTs: {rounds})")


def window_us(rounds: int) -> str:
    """The time in which a stop would not be noticed, over so many POSTs."""
    looked_s, widths = [0.0], []
    left_s, send = Deadline.left_s, socket.socket.send

    def looks(deadline: Deadline) -> float:
        left = left_s(deadline)
        looked_s[0] = time.perf_counter()
        return left

    def sends(connection: socket.socket, data: bytes, *flags: int) -> int:
        if bytes(data) == BODY:
            widths.append((time.perf_counter() - looked_s[0]) * 1e6)
        return send(connection, data, *flags)

    Deadline.left_s, socket.socket.send = looks, sends  # type: ignore[method-assign]
    try:
        for _ in range(rounds):
            with ear() as server:
                wire = Wire(checked_base_url(server.url), Limits())
                assert isinstance(wire.exchange("POST", "/push", headers={}, body=BODY), HttpAnswer)
                wire.close()
    finally:
        Deadline.left_s, socket.socket.send = left_s, send  # type: ignore[method-assign]
    widths.sort()
    return f"median {statistics.median(widths):.0f} µs, p99 {widths[int(len(widths) * 0.99)]:.0f} µs"


if __name__ == "__main__":
    main()
