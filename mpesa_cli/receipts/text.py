"""A receipt or a slip as lines of text: 32 columns for 58 mm paper, 48 for 80 mm. ASCII only, as code pages differ."""

import textwrap
from collections.abc import Sequence

from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.sheet import Sheet, receipt_sheet
from mpesa_cli.receipts.words import LABEL_MAX, Language
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.cells import in_charset

COLUMNS = {"58": 32, "80": 48}
_BOLD, _END = "\x1b[1m", "\x1b[0m"


def text_receipt(receipt: Receipt, language: Language, columns: int, *, bold: bool = False) -> str:
    """The whole receipt. ``bold`` is for terminals that have it: the shop's name and the amount."""
    return text_sheet(receipt_sheet(receipt, language), columns, bold=bold)


def text_sheet(sheet: Sheet, columns: int, *, bold: bool = False, drawn: Sequence[str] = ()) -> str:
    """The whole sheet; ``drawn`` are the lines of its code, where it is shown on a screen that can."""
    on, off = (_BOLD, _END) if bold else ("", "")
    lines = [f"{on}{line}{off}" for line in centred(sheet.shop_name, columns)]
    lines += [line for text in banner(sheet) for line in centred(text, columns)]
    lines += [
        "-" * columns,
        *(f"{on}{line}{off}" for line in centred(format_cents(sheet.amount_cents), columns)),
    ]
    lines += ["-" * columns, *fact_lines(sheet, columns), "-" * columns]
    return "\n".join([*lines, *drawn, *centred(sheet.ends, columns)])


def banner(sheet: Sheet) -> list[str]:
    """The lines under the shop's name: what this is, or a copy of it, and where no real money moved, that."""
    first = f"{sheet.kind} ({sheet.mark})" if sheet.mark else sheet.kind
    return [first, f"** {sheet.trial} **"] if sheet.trial else [first]


def fact_lines(sheet: Sheet, columns: int) -> list[str]:
    """The facts: label to the left, value to the right, long values over several lines."""
    lines: list[str] = []
    for fact in sheet.facts:
        label, value = fact.label, in_charset(fact.value, "ascii")
        if len(label) + 1 + len(value) <= columns:
            lines.append(label + value.rjust(columns - len(label)))
            continue
        wrapped = textwrap.wrap(value, columns - LABEL_MAX - 1)
        lines.append(label + wrapped[0].rjust(columns - len(label)))
        lines += [line.rjust(columns) for line in wrapped[1:]]
    return lines


def centred(text: str, columns: int) -> list[str]:
    """The text in the middle, over as many lines as it needs."""
    return [line.center(columns).rstrip() for line in textwrap.wrap(in_charset(text, "ascii"), columns)]
