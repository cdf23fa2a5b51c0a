"""A counter without its window: the clerk's keys, real operations, a real ledger, the simulator inside this process."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mpesa_cli.cli.counter.ports import counter_ports, quiet_runtime
from mpesa_cli.counter.caretaker import Caretaker
from mpesa_cli.counter.clerk import Clerk
from mpesa_cli.counter.desk import Desk
from mpesa_cli.floor.world import World
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

PAYS, CANCELS, SILENT = "0708374149", "0700001032", "0700001037"
BY_HAND_S = 600.0  # between two keys of a person, as far as the clock of keys goes


class Counter:
    """One counter; its keys are pressed a second apart unless told otherwise."""

    def __init__(self, home: Path, clock: Any, by: str = "Amina", **profile: Any) -> None:
        environ = {"MPESA_HOME": str(home), "USER": by}
        self.runtime = Runtime(
            streams=replace(Streams.of_process(), environ=environ), environ=environ,
            world=World(clock.now_us, lambda s: (clock.sleep(s), time.sleep(0.001)), random=lambda: 0.5),
        )
        quiet_runtime(self.runtime)
        ports = counter_ports(
            self.runtime, self.runtime.profile(), by, None, lambda: self.paid.append(1), lambda: ("here", True),
        )
        ports = replace(ports, profile=replace(ports.profile, **profile))
        self.clock, self.paid = clock, []  # type: ignore[var-annotated]
        self.desk = Desk(ports)
        self.caretaker = Caretaker(self.desk)
        self.clerk = Clerk(self.desk, lambda: self.caretaker.snapshot)
        self.at_s = 0.0

    def press(self, *names: str, apart_s: float = 1.0) -> None:
        for name in names:
            self.at_s += apart_s
            question = self.clerk.question
            self.clerk.key(name, name if len(name) == 1 else None, self.at_s)
            if self.clerk.question is not None and self.clerk.question is not question:
                self.clerk.question.painted(self.at_s + 0.01)

    def type(self, text: str, **how: float) -> None:
        self.press(*text, **how)

    def ask(self, phone: str, amount: str) -> None:
        self.type(phone)
        self.press("enter")
        self.type(amount)
        self.press("enter")

    def until(self, holds: Callable[[], object]) -> None:
        """Look again and again until it holds; the operations run in threads."""
        end = time.monotonic() + 20
        while True:
            self.caretaker.look()
            if holds():
                return
            assert time.monotonic() < end, self.caretaker.snapshot
            time.sleep(0.01)

    def until_sent(self) -> None:
        """Until Daraja has taken every prompt: only then does time bring an answer."""
        self.until(lambda: self.cards and not self.desk.sending
                   and all(c.payment.last.state.value != "sending" for c in self.caretaker.snapshot.cards))

    @property
    def cards(self) -> list[tuple[str, str]]:
        return [(c.kind.value, c.payment.last.msisdn[-3:]) for c in self.caretaker.snapshot.cards]

    @property
    def words(self) -> str:
        return " ".join(each.words for each in self.caretaker.snapshot.notices)

    @property
    def headings(self) -> list[str]:
        return [each.heading for each in self.caretaker.snapshot.notices]

    def close(self) -> None:
        self.desk.close()
        self.runtime.close()
