"""The lines of a window: exactly as many as it has, none too wide, and nobody who has paid below its edge."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from counter_samples import S, a_card, by_hand
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.board.cards import Kind
from mpesa_cli.counter.cards_view import card_lines
from mpesa_cli.counter.form import Form
from mpesa_cli.counter.refusals import REFUSALS_SW, refusal_words
from mpesa_cli.counter.snapshot import Light, Notice, Snapshot
from mpesa_cli.counter.view import Look, paint
from mpesa_cli.counter.words import KEYS, speaker
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.rules.codes.errors import ERROR_CODES
from mpesa_cli.rules.codes.lookup import RESPONSE_CODES, Api, explain
from mpesa_cli.rules.codes.stk import STK_CODES
from mpesa_cli.rules.codes.titles_sw import TITLES_SW
from mpesa_cli.rules.codes.transport import TRANSPORT_CODES

ROOT = Path(__file__).resolve().parents[2]


@given(
    st.lists(st.sampled_from(list(Kind)), max_size=14), st.integers(60, 160), st.integers(18, 60),
    st.sampled_from(["en", "sw"]), st.integers(0, 3), st.integers(0, 14),
)
def test_a_window_of_any_size_has_just_its_lines_and_shows_the_chosen_card(
    kinds: list[Kind], width: int, height: int, language: str, notices: int, at: int
) -> None:
    cards = tuple(a_card(number, kind) for number, kind in enumerate(kinds))
    chosen = f"PAY-{min(at, len(cards) - 1)}" if cards else ""
    words = "It was refused, at some length, since a phone takes one prompt at a time. " * 2
    seen = Snapshot(40 * S, cards, notices=tuple(Notice(n, 1 * S, "", words, "not_sent") for n in range(notices)))
    lines = paint(Look(Form(), (), chosen, in_hand=False), seen, "Demo Shop", speaker(language), width, height)
    assert len(lines) == height
    assert max(len(line.text) for line in lines) <= width
    if cards and width >= 80 and height >= 24:
        assert [line.ref for line in lines if line.text.startswith("> ")] == [chosen]


def test_of_more_cards_than_fit_the_newest_keep_their_words_and_the_oldest_a_line_each() -> None:
    cards = tuple(a_card(n, Kind.NOT_PAID) for n in range(7))
    lines = paint(Look(Form(), (), "", in_hand=False), Snapshot(40 * S, cards), "Demo", speaker("en"), 80, 24)
    said = [line for line in lines if "Tell the customer" in line.text]
    assert 1 <= len(said) < 7
    assert {line.ref for line in said} == {f"PAY-{n}" for n in range(len(said))}
    assert sum("NOT PAID" in line.text for line in lines) == 7


def test_a_receipt_is_on_the_card_however_long_the_order() -> None:
    order = "A-VERY-LONG-ORDER-ID-OF-FORTY-CHARACTERS"
    shown = [line.text for line in paint(
        Look(Form(), (), "", in_hand=False), Snapshot(40 * S, (a_card(1, Kind.PAID, order=order),)), "Demo",
        speaker("en"), 80, 24,
    )]
    assert [line for line in shown if "PAID" in line and "UKO4Q7WX2B" in line]


def test_the_last_lines_break_between_the_things_and_not_in_them() -> None:
    lights = tuple(Light(name, "not asked yet since this morning", None) for name in ("One", "Two", "Three"))
    lines = paint(Look(Form(), (), "", in_hand=False), Snapshot(40 * S, lights=lights), "D", speaker("en"), 80, 24)
    below = [line.text for line in lines[-4:]]
    assert [line for line in below if line.startswith("Two: not asked yet since this morning")]


@pytest.mark.parametrize("language", ["en", "sw"])
def test_the_line_of_keys_is_whole_at_80_columns(language: str) -> None:
    say = speaker(language)
    assert paint(Look(Form(), (), "", in_hand=False), Snapshot(40 * S), "D", say, 80, 24)[-1].text == say("keys")


def test_who_paid_by_hand_has_a_first_name_where_it_was_told() -> None:
    hand = (by_hand(1, 50_000, "UKO7H2RM4D", 1 * S), by_hand(2, 12_000, "UKO8B1QX7T", 1 * S))
    seen = Snapshot(40 * S, by_hand=hand, names={"UKO7H2RM4D": "WANJIKU"})
    lines = paint(Look(Form(), (), "", in_hand=False, asked_cents=50_000), seen, "D", speaker("en"), 80, 24)
    named = next(line.text for line in lines if "UKO7H2RM4D" in line.text)
    assert "WANJIKU" in named
    assert named.endswith("<- asked for")


def test_every_reason_of_a_prompt_that_ended_has_kiswahili_words() -> None:
    titles = {row.title for row in (*STK_CODES, *RESPONSE_CODES, *ERROR_CODES, *TRANSPORT_CODES)}
    titles |= {explain("no-such-code", api)[0].title for api in (Api.STK, Api.RESPONSE, Api.ERROR)}
    assert titles <= set(TITLES_SW)
    said = card_lines(a_card(1, Kind.NOT_PAID), speaker("sw"), 76)
    assert said[1].strip().startswith("Mteja ameghairi. r huomba tena")


def test_a_refusal_is_said_in_the_shops_language_with_the_command_that_helps() -> None:
    refused = Conflict("Order 1042 is already paid.", hint="See it: mpesa status 1042", code="already-paid")
    assert refusal_words(refused, "en") == "Order 1042 is already paid. See it: mpesa status 1042"
    assert refusal_words(refused, "sw") == "Oda hii imeshalipwa. Hakuna ombi lililotumwa. mpesa status 1042"
    unknown = Conflict("Something new.", hint="Look.", code="something-new")
    assert refusal_words(unknown, "sw") == "Something new. Look."
    codes = {path: path.read_text(encoding="utf-8") for path in (ROOT / "mpesa_cli").rglob("*.py")}
    for code in REFUSALS_SW:
        assert any(f'"{code}"' in text for path, text in codes.items() if path.name != "refusals.py"), code


@pytest.mark.parametrize("others", [0, 4, 8])
def test_who_has_paid_is_on_a_window_of_80_by_24_however_many_wait(others: int) -> None:
    cards = (*(a_card(n, Kind.WAITING) for n in range(others)), a_card(others, Kind.PAID))
    lines = paint(Look(Form(), (), "", in_hand=False), Snapshot(40 * S, cards), "Demo", speaker("en"), 80, 24)
    assert sum("*** PAID ***" in line.text and "UKO4Q7WX2B" in line.text for line in lines) == 1
    assert sum("WAITING" in line.text for line in lines) == others


def test_each_kind_of_card_says_its_state_as_a_word_and_what_to_do() -> None:
    said = {}
    for kind in Kind:
        seen = Snapshot(40 * S, (a_card(1, kind),))
        lines = paint(Look(Form(), (), "", in_hand=False), seen, "Demo", speaker("en"), 100, 30)
        said[kind] = " ".join(line.text.strip() for line in lines if line.ref)
    assert "39 s" in said[Kind.WAITING]
    assert "enter your M-PESA PIN" in said[Kind.WAITING]
    assert "r asks again in" in said[Kind.NOT_PAID]
    assert "Tell the customer" in said[Kind.NOT_PAID]
    assert "Do not ask again" in said[Kind.UNKNOWN]
    assert "mpesa status order-1" in said[Kind.LOOK]
    trouble = replace(Snapshot(40 * S), trouble="The ledger is busy.")
    lines = paint(Look(Form(), (), "", in_hand=False), trouble, "Demo", speaker("en"), 100, 30)
    assert any("The ledger is busy." in line.text for line in lines)


def test_the_pictures_in_the_documentation_are_of_this_screen() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from counter_pictures import FOLDER, pictures
    finally:
        sys.path.pop(0)
    for name, svg in pictures().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == svg, "run: python docs/counter_pictures.py"


def test_both_pages_of_keys_name_every_key_as_the_screen_does() -> None:
    names = ("counter.md", "counter-keys-sw.md")
    pages = [(ROOT / "docs" / "shop" / name).read_text(encoding="utf-8") for name in names]
    for key, english, swahili in KEYS:
        assert f"| {key} | {english} |" in pages[0]
        assert f"| {key} | {swahili} |" in pages[1]
