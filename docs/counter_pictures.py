"""Draws the pictures in docs/shop/counter/: the counter's own lines, painted from sample payments.

    python docs/counter_pictures.py
"""

import io
import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "counter")]

from counter_samples import S, a_card, by_hand
from rich.console import Console
from rich.text import Text

from mpesa_cli.board.cards import Kind
from mpesa_cli.board.store import Takings
from mpesa_cli.counter.claims import claim_question, wish
from mpesa_cli.counter.form import Field, Form, Question
from mpesa_cli.counter.health import Health
from mpesa_cli.counter.screen import STYLES
from mpesa_cli.counter.snapshot import Snapshot
from mpesa_cli.counter.view import Line, Look, paint
from mpesa_cli.counter.words import speaker

FOLDER = ROOT / "docs" / "shop" / "counter"
NOW_US = 1_795_505_400 * S  # 24 November 2026, 10:30 in Nairobi
WIDTH, HEIGHT = 80, 24


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")


def pictures() -> dict[str, str]:
    """The pictures by their names."""
    english, swahili = speaker("en"), speaker("sw")
    typed = Form("0712345678", "500", "", Field.AMOUNT)
    hints = (Line(" Last: KES 70 paid 09:12"), Line(" Five hundred shillings only"))
    money = seen("en").by_hand[0]
    claim = claim_question(wish(money, (), None, ("", 50_000), "D6Z9B7CCFM"), english)
    ask = Question((english("q_ask", phone="0712 345 678", amount="KES 1,500", kind="till", number="123456",
                            order="D6Z9B7CCFM"),))
    check = Look(Form(), (), "", in_hand=False, pasted="", verdict=("USED ALREADY", "USED ALREADY", (
        "It was used for order 1042. Do not hand over goods on it again; ask for another payment.",
    )))
    nothing = Look(Form(), (Line(f" {swahili('type_phone')}"),), "", in_hand=False)
    return {
        "board.svg": drawn("en", Look(typed, hints, "", in_hand=False, asked_cents=50_000)),
        "question.svg": drawn("en", Look(typed, (), "", in_hand=False, question=ask)),
        "claim.svg": drawn("en", Look(typed, (), money.payment_id, in_hand=True, question=claim, asked_cents=50_000)),
        "sms.svg": drawn("en", check),
        "board-sw.svg": drawn("sw", nothing),
    }


def seen(language: str) -> Snapshot:
    """A board with a customer of each kind."""
    health = Health(listener_ok_us=NOW_US, daraja_ok_us=NOW_US, callback_us=NOW_US - 20 * S)
    cards = tuple(
        a_card(number, kind, cents=cents, phone=phone, begun_us=NOW_US - ago_s * S, now_us=NOW_US, order=order)
        for number, (kind, cents, phone, ago_s, order) in enumerate((
            (Kind.WAITING, 35_000, "254700001037", 12, "K4T9W2MD1C"),
            (Kind.PAID, 150_000, "254708374149", 20, "D6Z9B7CCFM"),
            (Kind.NOT_PAID, 20_000, "254700001032", 55, "QRKXSSYYGX"),
            (Kind.UNKNOWN, 9_000, "254700007777", 80, "ME8PC2X2Y3"),
        ))
    )
    hand = (by_hand(1, 50_000, "UKO7H2RM4D", NOW_US - 120 * S), by_hand(2, 12_000, "UKO8B1QX7T", NOW_US - 900 * S))
    board = Snapshot(NOW_US, cards, hand, Takings(42, 3_871_000))
    names = {"UKO7H2RM4D": "WANJIKU", "UKO8B1QX7T": "OTIENO"}
    return replace(board, lights=health.lights(speaker(language), NOW_US), names=names)


def drawn(language: str, look: Look) -> str:
    """One picture as SVG."""
    console = Console(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True)
    for line in paint(look, seen(language), "Duka la Amina", speaker(language), WIDTH, HEIGHT):
        console.print(Text(line.text.ljust(WIDTH), STYLES[line.tone]), no_wrap=True, crop=True)
    return console.export_svg(title="mpesa counter", unique_id="counter")


if __name__ == "__main__":
    main()
