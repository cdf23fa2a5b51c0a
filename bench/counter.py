"""The counter measured: from a callback to PAID on the screen, a day in fast motion, and a clerk's keystrokes.

    python bench/counter.py            all three, about two minutes
    python bench/counter.py --paid 100 --events 10000 --payments 200
"""

import argparse
import asyncio
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests"), str(Path(__file__).parent.parent / "tests" / "counter")]

from conftest import Clock
from counter_parts import Counter

from mpesa_cli.board.acknowledge import acknowledge
from mpesa_cli.board.cards import Kind, mark
from mpesa_cli.board.store import Boards
from mpesa_cli.counter.screen import CounterScreen
from mpesa_cli.counter.view import Line, paint
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.rules.evidence import Accepted, Received, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

AT_ONCE = 5


class RealClock:
    """The machine's clock, where the tests' moves only when told."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def phone(number: int) -> str:
    """One of the simulator's paying customers: any number that no scenario has."""
    return f"0711{200_000 + number:06d}"


def resident_kb() -> int:
    """The memory that the process has now, in kB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


async def paid_latencies(counter: Counter, count: int) -> list[float]:
    """Seconds from the storing of each payment's callback to PAID in the painted window."""
    screen = CounterScreen(counter.desk, "bench")
    ledger = counter.runtime.ledger(counter.desk.ports.profile)
    painted_s: dict[str, float] = {}
    show = screen.sheet.show

    def noted(lines: list[Line]) -> None:
        show(lines)
        for line in lines:
            if "PAID ***" in line.text and line.ref:
                painted_s.setdefault(line.ref, time.time())

    screen.sheet.show = noted  # type: ignore[method-assign]
    async with screen.run_test(size=(80, 24)) as pilot:
        for begin in range(0, count, AT_ONCE):
            until = min(begin + AT_ONCE, count)
            for number in range(begin, until):
                await pilot.press(*phone(number), "enter", *"100", "enter")
            while len(painted_s) < until:
                await pilot.pause(0.02)
            await pilot.press("f8")
            while screen.caretaker.snapshot.cards:
                await pilot.pause(0.02)
    stored = {
        str(payment_id): int(str(received_us)) / SECOND_US
        for payment_id, received_us in ledger.rows(
            "SELECT j.payment_id, min(c.received_us) FROM journal j JOIN callbacks c "
            "ON c.callback_id = json_extract(j.facts, '$.callback_id') GROUP BY j.payment_id"
        )
    }
    return sorted(at_s - stored[payment_id] for payment_id, at_s in painted_s.items())


def fast_motion(counter: Counter, clock: Clock, events: int) -> tuple[list[int], list[int], float]:
    """kB after a tenth, a half and all of the events, of the process and of Python's objects; milliseconds of one look.

    The events are written as a listener writes them: what the simulator would remember of them is not the counter's.
    """
    ledger, looked_s, looks = counter.runtime.ledger(counter.desk.ports.profile), 0.0, 0
    process, objects = [], []
    tracemalloc.start()
    for number in range(events // 6):
        payment_id, at_us = f"PAY-{number}", clock.now
        intent = Intent(payment_id, f"order-{number}", "simulator", "174379", 10_000, "254" + phone(number)[1:], "", "",
                        f"{number:064x}")
        with ledger.write() as tx:
            ref = tx.open_payment(Start(intent), at_us).last.ref
        came = Received(at_us + 4 * SECOND_US, "callback", receipt(number), 10_000, msisdn=intent.msisdn)
        for evidence in (Sending(at_us, 1), Accepted(at_us, 1, f"M{number}", f"ws_CO_{number}"), came):
            with ledger.write() as tx:
                tx.append(ref, evidence)
            clock.advance(2)
            begun_s = time.perf_counter()
            counter.caretaker.look()
            counter.caretaker.ask_about_open()
            seen, desk = counter.caretaker.snapshot, counter.desk
            paint(counter.clerk.look(), seen, "bench", desk.say, 80, 24)
            looked_s, looks = looked_s + time.perf_counter() - begun_s, looks + 1
        shown = counter.caretaker.snapshot.cards[0]
        assert shown.kind is Kind.PAID, shown
        assert acknowledge(ledger, payment_id, mark(shown.payment), by="Amina", at_us=clock.now)
        clock.advance(8 * 3600 * 6 / events - 6)
        if number in {events // 60, events // 12, events // 6 - 1}:
            process.append(resident_kb())
            objects.append(tracemalloc.get_traced_memory()[0] // 1024)
    assert Boards(ledger).head() >= events - 6
    return process, objects, looked_s / looks * 1000


def receipt(number: int) -> str:
    """A receipt number of the simulator's form."""
    return f"UKO{number:06d}X"


def scripted(counter: Counter, clock: Clock, payments: int) -> tuple[int, int]:
    """Payments that are not exactly what was typed, and the keys pressed, acknowledgements left out."""
    wrong = keys = 0
    for number in range(payments):
        before, amount = counter.clerk.keys, str(100 + number % 900)
        counter.ask(phone(number), amount)
        keys += counter.clerk.keys - before
        counter.until_sent()
        clock.advance(70)
        counter.until(lambda: counter.cards and counter.cards[0][0] == "paid")
        payment = counter.caretaker.snapshot.cards[0].payment
        wrong += (payment.msisdn, payment.amount_cents) != ("254" + phone(number)[1:], int(amount) * 100)
        counter.press("escape")
        counter.until(lambda: not counter.cards)
    return wrong, keys


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    for name, most in (("paid", 100), ("events", 10_000), ("payments", 200)):
        parser.add_argument(f"--{name}", type=int, default=most)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counter = Counter(Path(folder), RealClock())
        found = asyncio.run(paid_latencies(counter, wanted.paid))
        counter.close()
        print(f"callback stored to PAID painted, {len(found)} payments, {AT_ONCE} at once: median "
              f"{found[len(found) // 2] * 1000:.0f} ms, p99 {found[int(len(found) * 0.99) - 1] * 1000:.0f} ms, "
              f"worst {found[-1] * 1000:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        counter = Counter(Path(folder), clock)
        wrong, keys = scripted(counter, clock, wanted.payments)
        counter.close()
        each = keys / wanted.payments
        print(f"a scripted clerk, {wanted.payments} payments: {wrong} wrong, {each:.1f} keystrokes each")
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        counter = Counter(Path(folder), clock)
        process, objects, look_ms = fast_motion(counter, clock, wanted.events)
        counter.close()
        traced = ", ".join(f"{kb:,}" for kb in objects)
        whole = ", ".join(f"{kb / 1024:.1f}" for kb in process)
        print(f"{wanted.events:,} journal rows in eight hours, after a tenth, a half and all: Python's objects "
              f"{traced} kB, the process {whole} MB (SQLite keeps up to 16 MB of pages for a connection); "
              f"one look and its painting {look_ms:.1f} ms, traced")


if __name__ == "__main__":
    main()
