"""A batch in words and tables: a file's faults, the plan, the outcome."""

from collections.abc import Sequence

from mpesa_cli.batch.file import line_list
from mpesa_cli.batch.plan import RowStatus
from mpesa_cli.batch.text import Fault
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.state_words import STATUS_WORDS
from mpesa_cli.terminal.streams import Streams
from mpesa_cli.terminal.table import Table

SHOWN_MAX = 20
_KINDS = {
    "file": "The file",
    "heading": "The heading",
    "quotes": "Quotation marks",
    "cells": "Too many values",
    "missing": "Values missing",
    "phone": "Phone numbers",
    "amount": "Amounts",
    "order": "Order ids",
    "account": "Account references",
    "description": "Descriptions",
    "twice": "Orders that stand in the file twice",
    "differs": "Orders that the ledger knows with another phone or amount",
}
ROW_STATUS_WORDS = {
    RowStatus.NOT_SENT: "not sent",
    RowStatus.ACCEPTED: STATUS_WORDS[PaymentStatus.PENDING],
    RowStatus.PAID: STATUS_WORDS[PaymentStatus.PAID],
    RowStatus.FAILED: STATUS_WORDS[PaymentStatus.FAILED],
    RowStatus.REJECTED: "refused",
    RowStatus.UNKNOWN: STATUS_WORDS[PaymentStatus.UNKNOWN],
    RowStatus.REVIEW: STATUS_WORDS[PaymentStatus.REVIEW],
    RowStatus.PARTIAL: STATUS_WORDS[PaymentStatus.PARTIAL],
    RowStatus.OVERPAID: STATUS_WORDS[PaymentStatus.OVERPAID],
    RowStatus.REFUNDED: STATUS_WORDS[PaymentStatus.REFUNDED],
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a batch as it is shown. ``what`` is a word or two, ``why`` a sentence or empty."""

    order_id: str
    msisdn: str
    amount_cents: int
    what: str
    why: str


def fault_lines(faults: Sequence[Fault]) -> list[str]:
    """All faults, grouped by kind: the first of a kind in full, of the others the line numbers."""
    lines = []
    for kind, title in _KINDS.items():
        group = [f for f in faults if f.kind == kind]
        if not group:
            continue
        lines.append(f"{title}:")
        lines += [f"  line {f.line}: {f.words}" if f.line else f"  {f.words}" for f in group[:SHOWN_MAX]]
        rest = [f.line for f in group[SHOWN_MAX:]]
        if rest:
            lines.append(f"  and {len(rest)} more, on line{'s' if len(rest) > 1 else ''} {line_list(rest, 40)}")
    return lines


def print_plan(streams: Streams, lines: Sequence[Line]) -> None:
    """Print the plan on stderr, phones masked; of a long list its beginning."""
    shown = [(li.order_id, format_cents(li.amount_cents), mask_msisdn(li.msisdn), f"{li.what}  {li.why}".rstrip())
             for li in lines[:SHOWN_MAX]]
    widths = [max(map(len, column)) for column in list(zip(*shown, strict=True))[:3]] if shown else []
    for order, money, phone, what in shown:
        streams.complain(f"  {order:<{widths[0]}}  {money:>{widths[1]}}  {phone:<{widths[2]}}  {what}")
    if len(lines) > SHOWN_MAX:
        streams.complain(f"  … and {len(lines) - SHOWN_MAX:,} more")


def lines_table(lines: Sequence[Line], *, on_screen: bool) -> Table:
    """The result: phones masked and money in words on a screen, full plain values for a pipe."""
    rows = [
        [
            line.order_id,
            format_cents(line.amount_cents) if on_screen else _plain_amount(line.amount_cents),
            mask_msisdn(line.msisdn) if on_screen else line.msisdn,
            line.what,
            line.why,
        ]
        for line in lines
    ]
    sums = [["total", format_cents(sum(line.amount_cents for line in lines)), "", "", ""]] if len(lines) > 1 else []
    return Table(["Order", "Amount", "Phone", "Result", ""], rows, (1,), sums)


def total_words(lines: Sequence[Line]) -> str:
    """``3 payments, KES 4,500``."""
    money = format_cents(sum(line.amount_cents for line in lines))
    return f"{len(lines):,} payment{'' if len(lines) == 1 else 's'}, {money}"


def summary_words(lines: Sequence[Line]) -> str:
    """``12 payments: 9 waiting, KES 9,000; 2 paid, KES 300; 1 not paid, KES 50``, in the order of their status."""
    parts = []
    for what in dict.fromkeys([*ROW_STATUS_WORDS.values(), *(line.what for line in lines)]):
        group = [line for line in lines if line.what == what]
        if group:
            parts.append(f"{len(group):,} {what}, {format_cents(sum(line.amount_cents for line in group))}")
    return f"{len(lines):,} payment{'' if len(lines) == 1 else 's'}: {'; '.join(parts)}."


def _plain_amount(cents: int) -> str:
    return format_cents(cents).removeprefix("KES ").replace(",", "")
