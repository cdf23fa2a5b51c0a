"""The counter measured: from a callback to PAID on the screen, a day in fast motion, and a clerk's keystrokes.

    python bench/counter.py            all three, about two minutes
    python bench/counter.py --paid 100 --events 10000 --payments 200
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent / "tests"), str(Path(__file__).parent.parent / "tests" / "counter")]

from conftest import Clock
from counter_parts import Counter

from mpesa_cli.board.store import Boards
from mpesa_cli.counter.screen import CounterScreen
from mpesa_cli.counter.view import Line
from mpesa_cli.floor.moments import SECOND_US

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


def fast_motion(counter: Counter, clock: Clock, events: int) -> tuple[int, int, float]:
    """kB after a tenth of the events and after all, and milliseconds of one look; eight hours long."""
    ledger, looked_s, begun_kb = counter.runtime.ledger(counter.desk.ports.profile), 0.0, 0
    head, number, looks = Boards(ledger).head(), 0, 0
    first = head
    tenth = first + events // 10
    while head < first + events:
        counter.ask(phone(number), "100")
        number += 1
        counter.until_sent()
        clock.advance(8 * 3600 * 6 / events)
        counter.until(lambda: counter.caretaker.snapshot.cards and counter.cards[0][0] == "paid")
        for _ in range(3):
            begun_s = time.perf_counter()
            counter.caretaker.look()
            counter.caretaker.ask_about_open()
            looked_s, looks = looked_s + time.perf_counter() - begun_s, looks + 1
        counter.press("escape")
        counter.until(lambda: not counter.caretaker.snapshot.cards)
        head = Boards(ledger).head()
        if not begun_kb and head >= tenth:
            begun_kb = resident_kb()
    return begun_kb, resident_kb(), looked_s / looks * 1000


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
        begun, ended, look_ms = fast_motion(counter, clock, wanted.events)
        counter.close()
        print(f"{wanted.events:,} journal rows in fast motion: {begun / 1024:.1f} MB after a tenth, "
              f"{ended / 1024:.1f} MB at the end, one look {look_ms:.1f} ms")


if __name__ == "__main__":
    main()
