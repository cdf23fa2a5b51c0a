"""A process that sends what waits, forked afresh for every line on stdin: ``python sending_process.py LEDGER URL``.

A line names the point at which the sender kills itself (``none`` for none). The pid is printed when a fork
has started, its wait status when it is gone.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
from fake_providers import API_KEY, SENDER_ID, USERNAME
from paid_shop import open_ledger

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.http import Wire
from mpesa_cli.floor.world import World
from mpesa_cli.sms import outbox
from mpesa_cli.sms.notify import SmsContext, SmsShop, send_waiting
from mpesa_cli.sms.providers.africas_talking import AfricasTalking
from mpesa_cli.sms.providers.sender import Outcome

POINTS = ("before-claim", "claimed", "before-post", "answered", "recorded")
assert httpx  # loaded before the forks, as everything else is


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(function: Callable[..., object]) -> Callable[..., object]:
    def dying(*args: object, **more: object) -> object:
        die()
        return function(*args, **more)

    return dying


def after(function: Callable[..., object]) -> Callable[..., object]:
    def dying(*args: object, **more: object) -> object:
        function(*args, **more)
        die()
        return None

    return dying


class DiesAfterTheAnswer(AfricasTalking):
    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        outcome = super().send(msisdn, text, reference)
        die()
        return outcome


def send(ledger_path: Path, url: str, point: str) -> None:
    kind = DiesAfterTheAnswer if point == "answered" else AfricasTalking
    if point == "before-claim":
        outbox.claim = before(outbox.claim)  # type: ignore[assignment]
    if point == "claimed":
        outbox.claim = after(outbox.claim)  # type: ignore[assignment]
    if point == "before-post":
        Wire._attempt = before(Wire._attempt)  # type: ignore[assignment]
    if point == "recorded":
        outbox.record = after(outbox.record)  # type: ignore[assignment]
    ledger = open_ledger(ledger_path)
    context = SmsContext(
        ledger, SmsShop("shop", "Mama Njoki", "en"),
        lambda: kind(USERNAME, Secret(API_KEY), SENDER_ID, url),
        World(random=lambda: 0.0),
    )
    while send_waiting(context, most=5).notices:
        pass
    ledger.close()


def main() -> None:
    path, url = Path(sys.argv[1]), sys.argv[2]
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            send(path, url, line.strip())
            os._exit(0)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main()
