"""Pull Transactions: the payments of customers to a shortcode in the last 48 hours, page by page (daraja.md 7.8).

Reads only, so a request that fails may be repeated. Moves no money.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from mpesa_cli.daraja.c2b import Posts
from mpesa_cli.daraja.endpoints import PULL_QUERY, PULL_REGISTER
from mpesa_cli.daraja.error_body import read_code
from mpesa_cli.daraja.pull_page import (
    FOUND,
    NOT_COMPARED,
    NOTHING,
    Fields,
    OddRow,
    read_object,
    read_page,
    read_row,
    refusal,
    unreadable,
)
from mpesa_cli.floor.errors import InvalidInput, Temporary
from mpesa_cli.floor.moments import EAT, SECOND_US
from mpesa_cli.floor.world import World
from mpesa_cli.rules.statement_row import StatementRow

WINDOW_S = 48 * 3600
PAGES_OF_ANY_KIND = 50
"""The pages after which only full ones of new rows are followed: a busy shop has those, a confused server has not."""
PAGES_MAX = 10_000
PAUSE_S = 0.5
"""The pause between two pages: nothing read here is urgent, and payments share the ration."""
_TRIES = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def register_body(shortcode: str, nominated: str, callback_url: str) -> dict[str, str]:
    """The JSON body of a registration. ``nominated`` is the number in the shortcode's papers, ``254…``."""
    return {
        "ShortCode": shortcode, "RequestType": "Pull", "NominatedNumber": nominated, "CallBackURL": callback_url,
    }


def register(client: Posts, body: dict[str, str]) -> bool:
    """Register a shortcode for Pull. True where it is new, False where it was registered before.

    Raises RequestRefused, CredentialsRefused, Temporary.
    """
    status, answer = client.post(PULL_REGISTER, body)
    said = read_object(answer) if status == 200 else {}
    # The key is written with a space by some of Daraja's pages and answers, and without by others.
    code = read_code(said.get("responsestatus", said.get("responsecode")))
    if code in {FOUND, NOTHING, "0"}:
        return code != NOTHING
    raise refusal(status, answer)


def pull_rows(
    client: Posts, shortcode: str, from_us: int, until_us: int, world: World,
    note_odd: Callable[[OddRow], object] | None = None,
) -> Iterator[StatementRow]:
    """The payments from ``from_us`` up to ``until_us`` (at most 48 hours), in Daraja's order.

    Nothing says how long a page is, so it goes on until a page brings nothing new (assumptions.md A60), with a
    pause between two. A receipt is given once; ``note_odd`` gets each transaction that
    can't be read; without it the first of them is an error.
    Raises InvalidInput, RequestRefused ("pull-not-registered" and others), Temporary.
    """
    if not 0 < until_us - from_us <= WINDOW_S * SECOND_US:
        raise InvalidInput(
            "Pull Transactions looks back over at most 48 hours at a time.",
            hint="Nothing was asked. For older days take a statement file: mpesa reconcile --help",
            code="pull-window",
        )
    seen: set[tuple[str, int]] = set()
    odd: list[OddRow] = []
    offset = longest = 0
    for number in range(1, PAGES_MAX + 1):
        page = _page(client, _query_body(shortcode, from_us, until_us, offset), world)
        read = [read_row(each, offset + index) for index, each in enumerate(page, 1)]
        rows = [row for row in read if isinstance(row, StatementRow)]
        known = len(seen) + len(odd)
        for each in read:
            if isinstance(each, OddRow) and each not in odd:
                if note_odd is None:
                    raise unreadable(f"there is {each.what}")
                odd.append(each)
                note_odd(each)
        for row in rows:
            if (row.receipt, row.amount_cents) not in seen:
                seen.add((row.receipt, row.amount_cents))
                yield row
        fresh = len(seen) + len(odd) - known
        if not fresh:
            return
        longest = max(longest, len(read))
        if number >= PAGES_OF_ANY_KIND and fresh < longest:
            break
        offset += len(page)
        world.sleep(PAUSE_S)
    raise unreadable("it goes on without an end")


def _query_body(shortcode: str, from_us: int, until_us: int, offset: int) -> dict[str, str]:
    return {
        "ShortCode": shortcode, "StartDate": _wall(from_us), "EndDate": _wall(until_us), "OffSetValue": str(offset),
    }


def _wall(at_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(EAT).strftime("%Y-%m-%d %H:%M:%S")


def _page(client: Posts, body: dict[str, str], world: World) -> list[Fields]:
    for again_after_s in [*(2.0**n for n in range(_TRIES - 1)), None]:
        try:
            return read_page(*client.post(PULL_QUERY, body))
        except Temporary as failed:
            if again_after_s is None or failed.code == NOT_COMPARED:
                raise
            world.sleep(again_after_s)
    raise AssertionError("unreachable")
