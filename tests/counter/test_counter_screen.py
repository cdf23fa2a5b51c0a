"""Every key through Textual's own pilot, in one window: what is painted, and what a key does not do."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest
from counter_parts import PAYS, Counter
from textual import events

from mpesa_cli.counter.screen import CounterScreen
from mpesa_cli.floor import collection


def test_a_counter_that_is_open_all_day_collects_garbage_as_usual(mpesa: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(CounterScreen, "run", lambda _: seen.append(gc.get_threshold()))
    collection.hold_off()
    try:
        assert mpesa("counter", "--by", "Amina", tty=True).status == 0
    finally:
        collection.as_usual()
    assert seen == [collection.USUAL]


def test_every_key_does_what_the_list_says_in_one_window(home: Path, clock: Any, mpesa: Any) -> None:
    assert mpesa("push", "254708374149", "70", "--order", "A1", "-q").status == 0
    assert mpesa("push", "254700001032", "90", "--order", "A2", "-q").status == 3
    assert mpesa("c2b-register", "-y").status == 0
    assert mpesa("c2b-simulate", "254708374149", "500").status == 0
    for _ in range(3):
        clock.advance(60)
        mpesa("reconcile", "-q")
    counter = Counter(home, clock)
    screen = CounterScreen(counter.desk, "Demo Shop")
    asyncio.run(_played(screen, clock))
    counter.close()


async def _played(screen: CounterScreen, clock: Any) -> None:
    async with screen.run_test(size=(80, 24)) as pilot:
        def text() -> str:
            screen.paint()
            return "\n".join(line.text for line in screen.sheet.lines)

        async def until(words: str) -> str:
            for _ in range(400):
                if words in (shown := text()):
                    return shown
                await pilot.pause(0.02)
            raise AssertionError(f"{words!r} is not in\n{text()}")

        assert "PAID" in await until("Customers (2)")
        assert "r asks again" in text()
        await pilot.press("question_mark")
        assert "check an SMS that a customer shows" in await until("go from the customers")
        await pilot.press("escape", *"0712", "backspace")
        await until(">Phone: 071_")
        await pilot.press("escape", "f4", *"A7", "enter")
        assert ">Phone: _" in await until("Order: A7")
        await pilot.press(*PAYS, "tab", *"250")
        assert "Two hundred and fifty shillings only" in await until("Amount: 250_")
        assert "KES 70 paid" in text()
        await pilot.press("escape", "f2")
        await until("No printer is named")
        await pilot.press("escape", "f3")
        await until("SMS receipt for order A1 sent")
        await pilot.press("escape", "escape", "f6")
        assert "> " in next(line for line in (await until("KES 500")).splitlines() if "KES 500" in line)
        await pilot.press("f7")
        assert "receipt U" in await until("does it pay order")
        await pilot.press("escape")
        await until("Type the customer's number")
        await pilot.press("f5")
        screen.post_message(events.Paste("UKO4Q7WX2B"))
        await until("UKO4Q7WX2B_")
        await pilot.press("enter")
        await until("NOT FOUND")
        await pilot.press("escape", "f6")
        for _ in range(3):
            await pilot.press("down")
        await pilot.press("up", "r")
        question = await until("KES")
        if "again to pay" in question:
            await pilot.press("enter")  # within 400 ms of being painted it is none
            assert screen.clerk.question is not None
        await pilot.press("escape", "f8")
        await until("Nobody waits.")
        screen.post_message(events.Paste("0708 374 149"))
        await until(">Phone: 0708 374 149_")
        await pilot.press("enter", *"150", "enter")
        for _ in range(200):
            await pilot.pause(0.02)
            cards = screen.caretaker.snapshot.cards
            if cards and cards[0].payment.last.state.value == "pending":
                break
        clock.advance(30)
        await until("*** PAID ***")
        assert screen.bells == 1
        await pilot.resize_terminal(120, 40)
        assert len((await until("*** PAID ***")).splitlines()) == 40
        await pilot.resize_terminal(60, 20)
        await until("too small")
        await pilot.press("f10")
