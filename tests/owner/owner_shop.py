"""A shop whose ledger has a fortnight behind it, made by its own commands. Not a test."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.owner.figures import DAY_US
from mpesa_cli.owner.reading import Shop
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

Run = Callable[..., Any]
PAYS, CANCELS, POOR, SILENT = "254708374149", "254700001032", "254711111111", "254700001037"


class Clock:
    """A clock that only moves when somebody sleeps, or a test says so."""

    def __init__(self, now: int = 1_795_505_400_000_000) -> None:
        self.now = now  # 24 November 2026, 10:30 in Nairobi

    def now_us(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)


def command(home: Path, clock: Any) -> Run:
    """The command in this process, on a virtual clock, for a shop that several tests begin with."""
    environ = {"MPESA_HOME": str(home)}

    def run(*argv: str) -> int:
        streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
        world = World(clock.now_us, clock.sleep, random=lambda: 0.5)
        return main(list(argv), Runtime(streams=streams, environ=environ, world=world))

    return run


def opened(home: Path) -> Ledger:
    return Ledger(next((home / "data").glob("*.db")), environment="simulator", token_hex=lambda n: "ab" * n)


def shop(**said: Any) -> Shop:
    known = {
        "shortcode": "174379", "shortcodes": ("174379",),
        "sends_sms": True, "compare_within_us": 3 * DAY_US, "needs_listener": False, "answered_us": lambda: None,
    }
    return Shop(**{**known, **said})


def sell(mpesa: Run, clock: Any) -> None:
    """Fifteen, eight and seven days ago, yesterday and today: what customers paid, what they did not."""
    number = iter(range(1, 100))

    def ask(phone: str, amount: int, *more: str) -> None:
        mpesa("push", phone, str(amount), "--order", f"A{next(number)}", "-q", *more)
        clock.advance(150)

    ask(PAYS, 100)  # so that the ledger knows of the whole week before
    clock.advance(7 * 86_400)
    ask(PAYS, 800)
    clock.advance(86_400)
    ask(PAYS, 1_000)  # the same weekday, before this time of the day
    clock.advance(8 * 3_600)
    ask(PAYS, 5_000)  # and after it
    clock.advance(6 * 86_400 - 8 * 3_600)
    ask(PAYS, 700)
    ask(CANCELS, 300)
    clock.advance(86_400)
    ask(PAYS, 1_500)
    ask(CANCELS, 200)
    ask(POOR, 250)
    ask(SILENT, 400, "--no-wait")
