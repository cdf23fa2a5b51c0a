"""Sends one POST and stops itself, as by SIGSTOP from outside, at one system call of its socket. Not a test.

``python frozen_sender.py URL TOTAL_S STEP`` prints what the exchange came to. A STEP is ``send 1 after``: the call,
how many-th it is, and whether the stop comes before or after the kernel has done it. Without one it never stops and
prints the steps that there are.
"""

import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from mpesa_cli.daraja.endpoints import checked_base_url
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.wire.exchange import Limits
from mpesa_cli.floor.wire.http import Wire

CALLS = ("connect", "setsockopt", "send", "recv", "shutdown", "close")
BODY = b'{"Amount": "100", "filler": "' + b"x" * 400 + b'"}'


def stop_here() -> None:
    """Stop the whole process before this thread takes another step: a signal to the process may find another first."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def main(url: str, total_s: float, step: str) -> None:
    wire = Wire(checked_base_url(url), Limits(total_s=total_s))
    seen: Counter[str] = Counter()
    steps: list[str] = []

    def stopping(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stopped(*args: Any, **named: Any) -> Any:
            seen[name] += 1
            here = f"{name} {seen[name]}"
            steps.extend([f"{here} before", f"{here} after"])
            if step == f"{here} before":
                stop_here()
            try:
                return call(*args, **named)
            finally:
                if step == f"{here} after":
                    stop_here()

        return stopped

    for name in CALLS:
        setattr(socket.socket, name, stopping(name, getattr(socket.socket, name)))
    outcome = wire.exchange("POST", "/push", headers={}, body=BODY, by=Deadline(total_s))
    print(type(outcome).__name__, getattr(outcome, "error_code", ""), flush=True)
    if not step:
        print("\n".join(steps), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
