"""Answers of Pull Transactions, read as rows of a statement; and the errors where they can't be (daraja.md 7.8).

Tolerant of how keys are spelt, which Daraja varies within one answer; never of money that can't be read.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from mpesa_cli.daraja.callbacks import read_amount, read_receipt
from mpesa_cli.daraja.error_body import read_code, read_error, told
from mpesa_cli.floor.errors import MpesaError, RequestRefused, Temporary
from mpesa_cli.floor.moments import EAT
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.plain_words import one_line
from mpesa_cli.floor.wire.strict_json import Json, UnreadableError, parse_json
from mpesa_cli.floor.wire.wire_text import plain_text
from mpesa_cli.rules.held_facts import amount_shown, receipt_shown
from mpesa_cli.rules.statement_row import RowKind, StatementRow

ANSWER_BYTES = 1 << 20
FOUND, NOTHING = "1000", "1001"
NOT_COMPARED = "pull-not-compared"
_NOTHING_FOUND = re.compile(
    r"\bno (?:transactions?|records?)(?: was| were)?(?: found| available| for| in\b|[.!]?$)|nothing(?: was)? found",
    re.IGNORECASE,
)
_SUCCESS = re.compile(r"success(?:ful(?:ly)?)?[.!]?", re.IGNORECASE)
_ID = re.compile(r"[^A-Za-z0-9]")
_PHONE = re.compile(r"(?:\+?254|0)?([17][0-9]{8})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_KEPT = ("transactionid", "amount", "trxdate", "transactiontype")

Fields: TypeAlias = dict[str, Json]
"""One object of an answer: its keys in lower case, without spaces and dashes."""


def read_page(status: int, answer: bytes) -> list[Fields]:
    """The transactions of one answer; empty where there are none. Raises RequestRefused or Temporary."""
    if status != 200:
        said = read_error(answer)
        if said is not None and said.says("no transaction"):
            return []
        raise refusal(status, answer)
    found = read_object(answer)
    code = read_code(found.get("responsecode"))
    if code not in {FOUND, NOTHING}:
        raise refusal(status, answer)
    words = plain_text(found.get("responsemessage", found.get("responsedescription")), 200)
    if code == NOTHING and _NOTHING_FOUND.search(words):
        return []
    listed = found.get("response")
    if not isinstance(listed, list):
        raise unreadable("it has no list of transactions") if code == FOUND else not_compared(code, words)
    flat: list[Json] = []
    for each in listed:  # a list inside a list, as documented; a single list is understood too
        flat.extend(each if isinstance(each, list) else [each])
    if not all(isinstance(each, dict) for each in flat):
        raise unreadable("a transaction in it is none")
    # 1001 with an empty list and "Success" is documented; with other words it may mean anything.
    succeeded = _SUCCESS.fullmatch(words) is not None or (code == FOUND and not words)
    if (code == NOTHING and flat) or (not flat and not succeeded):
        raise not_compared(code, words)
    return [_keyed(each) for each in flat if isinstance(each, dict)]


@dataclass(frozen=True, slots=True)
class OddRow:
    """A transaction that can't be read and may be money: the parts that can be read. No name, no number."""

    what: str
    receipt: str
    amount_cents: int | None
    cells: dict[str, str]


def read_row(said: Fields, line: int) -> StatementRow | OddRow:
    """One transaction as a row. One that can't be read is not skipped, since it may be money."""
    cents = read_amount(said.get("amount"))
    identity = said.get("transactionid")
    receipt = read_receipt(identity) or _ID.sub("", plain_text(identity, 40)).upper()
    if cents is None or not receipt:
        return _odd(said, "a transaction without a receipt or an amount that can be read")
    kind = _kind(plain_text(said.get("transactiontype"), 60))
    return StatementRow(
        receipt=receipt,
        kind=kind,
        amount_cents=-cents if kind == "reversal" else cents,
        completed_us=_moment_us(said.get("trxdate")),
        balance_cents=None,
        account=plain_text(said.get("billreference"), 60),
        party=_party(said.get("msisdn")),
        linked="",
        line=line,
    )


def _odd(said: Fields, what: str) -> OddRow:
    kept = {name: plain_text(said[name], 40) for name in _KEPT if said.get(name) is not None}
    shown = receipt_shown(kept.get("transactionid", ""))
    return OddRow(what, shown, amount_shown(kept.get("amount", "")), kept)


def _kind(transaction_type: str) -> RowKind:
    lowered = transaction_type.lower()
    if "reversal" in lowered:
        return "reversal"
    # The sandbox sends other words, and lists only payments by customers.
    return "received" if not lowered or "c2b" in lowered or "pay" in lowered or "buy" in lowered else "other"


def _party(value: Json) -> str:
    """A number that can be trusted to be whole; empty where it was cut, hashed or is none."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else plain_text(value, 40)
    compact = text.replace(" ", "")
    if "*" in compact:
        return compact
    found = _PHONE.fullmatch(compact)
    return "254" + found[1] if found else ""


def _moment_us(value: Json) -> int:
    """The time as it is written, in microseconds; 0 for none. Its zone is in doubt (assumptions.md A61)."""
    try:
        moment = datetime.fromisoformat(plain_text(value, 40).replace(" ", "T"))
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=EAT)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def read_object(answer: bytes) -> Fields:
    """The answer as one object. Raises Temporary where it is none."""
    try:
        found = parse_json(answer, max_bytes=ANSWER_BYTES)
    except UnreadableError as error:
        raise unreadable(error.why.words) from None
    if not isinstance(found, dict):
        raise unreadable("it is no JSON object")
    return _keyed(found)


def _keyed(found: Fields) -> Fields:
    """Keys without their case, spaces and dashes: Daraja mixes them in one answer."""
    return {_ID.sub("", key).lower(): value for key, value in found.items()}


def unreadable(why: str) -> Temporary:
    """The error for an answer that can't be read."""
    return Temporary(
        f"Daraja's answer to Pull Transactions can't be read: {why}.",
        hint="Nothing was changed. Run the same command again, or take a statement file: mpesa reconcile --help",
        code="pull-unreadable",
    )


def not_compared(code: str, words: str) -> Temporary:
    """The error for a 200 that neither lists transactions nor says that there are none."""
    said = f'{code} "{one_line(words)}"' if words else f"{code} without words"
    return Temporary(
        f"Pull Transactions answered {said}: nothing was compared.",
        hint="Nothing was changed. Run the same command again later, or take a statement file: mpesa reconcile --help",
        code=NOT_COMPARED,
    )


def refusal(status: int, answer: bytes) -> MpesaError:
    """The error for an answer that is a no, or is no answer at all."""
    shown = told(status, answer)
    lowered = shown.lower()
    if "register" in lowered:
        return RequestRefused(
            f"The shortcode is not registered for Pull Transactions. [{shown}]",
            hint="Nothing was changed. Register it once, with the number in its papers: "
            "mpesa pull-register --nominated PHONE",
            code="pull-not-registered",
        )
    if status >= 500 or status in {403, 429}:
        return Temporary(
            f"Daraja could not list transactions just now (HTTP {status}). [{shown}]",
            hint="Nothing was changed. Run the same command again in a few minutes.",
            code="daraja-busy",
        )
    return RequestRefused(
        f"Daraja refused to list transactions (HTTP {status}). [{shown}]",
        hint="Nothing was changed. The shortcode must be live with its C2B addresses, and the app must have the "
        "product Pull Transactions. Check: mpesa config show",
        code="pull-refused",
    )
