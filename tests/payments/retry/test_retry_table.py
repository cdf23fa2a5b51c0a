"""The retry table, row by row, against the simulator: what may be asked again, when, and how often a phone rang."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mpesa_cli.floor.world import World
from mpesa_cli.rules.codes.rows import Outcome
from mpesa_cli.rules.codes.stk import STK_CODES
from mpesa_cli.simulator.embedded import EmbeddedDaraja

Run = Callable[..., Any]
DAY_S = 86_400


class Row(NamedTuple):
    """What must happen: exit status of the push, of `retry` at once, after 125 s and after two days.

    ``prompts`` are those on the phone in the end: each retry that is let through is one more.
    """

    push: int
    at_once: int
    later: int
    days_later: int
    prompts: int


# Written by hand from docs/reference/result-codes.md: 3 not paid (so it was asked), 5 too soon, 6 unknown, 9 refused.
MAY_BE_ASKED = Row(3, 5, 3, 3, 3)
NEVER = Row(3, 9, 9, 9, 1)
TABLE: dict[str, Row] = {
    "0": Row(0, 9, 9, 9, 1),
    "1": MAY_BE_ASKED,
    "2": MAY_BE_ASKED,
    "3": MAY_BE_ASKED,
    "4": Row(3, 5, 5, 3, 2),  # the day's limit: not before the day is over
    "8": MAY_BE_ASKED,
    "17": MAY_BE_ASKED,
    "26": Row(3, 5, 5, 3, 2),  # callback and query agree; 180 s
    "99": MAY_BE_ASKED,  # 120 s
    "1001": MAY_BE_ASKED,
    "1019": MAY_BE_ASKED,
    "1025": MAY_BE_ASKED,
    "1032": MAY_BE_ASKED,
    "1036": MAY_BE_ASKED,
    "1037": MAY_BE_ASKED,
    "1101": MAY_BE_ASKED,
    "2001": MAY_BE_ASKED,
    "2006": NEVER,
    "2028": MAY_BE_ASKED,
    "2029": MAY_BE_ASKED,
    "4999": Row(8, 9, 9, 9, 1),  # pending for ever, and so for ever open
    "8006": NEVER,
    "9999": MAY_BE_ASKED,
    "SFC_IC0003": MAY_BE_ASKED,
}
NUMBERS = {"SFC_IC0003": "254722200026"}


def phone(code: str) -> str:
    return NUMBERS.get(code) or f"2547000{int(code):05d}"


@pytest.fixture
def rang(home: Path, clock: Any) -> Callable[[str], int]:
    """How many prompts the simulator's own record ever had for a phone. It forgets after a day; this does not."""
    seen: set[tuple[object, object]] = set()

    def count(msisdn: str) -> int:
        world = World(clock.now_us, clock.sleep, lambda n: "0" * 2 * n)
        daraja = EmbeddedDaraja(home / "state" / "simulator.json", world)
        seen.update((prompt["msisdn"], prompt["checkout_request_id"]) for prompt in daraja.prompts())
        return sum(number == msisdn for number, _ in seen)

    return count


def test_every_code_of_the_table_has_its_row_here() -> None:
    produced = {row.code for row in STK_CODES} - {"E3008"}  # seen in the sandbox only; no number ends in it
    assert set(TABLE) == produced


@pytest.mark.parametrize("code", TABLE)
def test_a_retry_does_what_the_code_allows_and_no_more(
    mpesa: Run, clock: Any, home: Path, rang: Callable[[str], int], code: str
) -> None:
    expected, number = TABLE[code], phone(code)
    assert mpesa("push", number, "70", "--order", "1042").status == expected.push
    for wait_s, status in ((0, expected.at_once), (125, expected.later), (2 * DAY_S, expected.days_later)):
        rang(number)
        clock.advance(wait_s)
        result = mpesa("retry", "1042")
        assert result.status == status, (code, wait_s, result.stderr)
    assert rang(number) == expected.prompts


@pytest.mark.parametrize("code", [code for code, row in TABLE.items() if row.at_once != 3])
def test_a_refusal_says_why_and_names_the_next_command(mpesa: Run, code: str) -> None:
    mpesa("push", phone(code), "70", "--order", "1042")
    said = mpesa("retry", "1042").stderr
    assert "mpesa " in said.splitlines()[-1]
    row = next(row for row in STK_CODES if row.code == code)
    if row.outcome is Outcome.FAILED:
        assert row.staff in said


@pytest.mark.parametrize(("code", "seconds"), [("1001", 119), ("1037", 119), ("4", 86_400)])
def test_too_soon_names_the_seconds_left(mpesa: Run, clock: Any, code: str, seconds: int) -> None:
    mpesa("push", phone(code), "70", "--order", "1042")
    hint = mpesa("retry", "1042").stderr.splitlines()[-1]
    left = int(hint.split(" In ")[1].split(" s:")[0])
    assert seconds - 40 < left <= seconds
    clock.advance(left - 1)
    assert mpesa("retry", "1042", "--no-wait").status == 5
    clock.advance(1)
    assert mpesa("retry", "1042", "--no-wait").status == 0


@pytest.mark.parametrize(
    ("number", "pushed", "retried"),
    [
        ("254722200001", 0, 9),  # the answer was lost, the callback came: paid
        ("254722200007", 6, 9),  # a page with HTTP 503: unknown, never asked again
        ("254722200022", 0, 9),  # Internal Server Error, but the prompt was out: paid
        ("254722200013", 3, 5),  # line busy at once: no phone rang, a minute to wait
        ("254722200021", 5, 5),  # quota used up
        ("254722200030", 3, 3),  # no such merchant: a person may say that it is mended
    ],
)
def test_answers_that_are_no_result_codes_follow_their_own_rows(
    mpesa: Run, rang: Callable[[str], int], number: str, pushed: int, retried: int
) -> None:
    assert mpesa("push", number, "70", "--order", "1042").status == pushed
    before = rang(number)
    assert mpesa("retry", "1042").status == retried
    assert rang(number) == before


def test_another_line_of_the_same_customer_is_asked_at_once(mpesa: Run, rang: Callable[[str], int]) -> None:
    mpesa("push", "254700002001", "70", "--order", "1042")
    result = mpesa("retry", "1042", "--phone", "0722 200 050")
    assert result.status == 0
    assert (rang("254700002001"), rang("254722200050")) == (1, 1)
    assert mpesa("retry", "1042", "--phone", "0722 200 051").status == 9
    assert rang("254722200051") == 0


def test_a_reason_opens_what_is_open_and_is_kept(mpesa: Run, rang: Callable[[str], int]) -> None:
    mpesa("push", "254700004999", "70", "--order", "1042", "--no-wait")
    assert mpesa("retry", "1042").status == 9
    assert mpesa("retry", "1042", "--force", "because").status == 2
    assert rang("254700004999") == 1
    forced = mpesa("retry", "1042", "--phone", "254722200050", "--force", "customer  showed her\nempty phone")
    assert forced.status in {0, 6, 8}
    assert rang("254722200050") == 1
    assert "customer showed her empty phone" in mpesa("log", "1042").stdout


def test_no_reason_opens_what_is_paid_or_refused_for_good(mpesa: Run, rang: Callable[[str], int]) -> None:
    mpesa("push", "254722200050", "70", "--order", "1042")
    mpesa("push", "254700008006", "70", "--order", "1043")
    for order in ("1042", "1043"):
        assert mpesa("retry", order, "--force", "the customer says that it is fine").status == 9
    assert (rang("254722200050"), rang("254700008006")) == (1, 1)
