"""A receipt as ESC/POS bytes, for thermal printers of 58 and 80 mm. Needs the extra ``printer``."""

from typing import Any

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.installation import adding
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.text import COLUMNS, banner, centred, fact_lines
from mpesa_cli.receipts.words import WORDS, Language
from mpesa_cli.rules.values.amount import format_cents

_QR_MODULE_DOTS = {"58": 5, "80": 6}


def escpos_receipt(receipt: Receipt, language: Language, paper: str) -> bytes:
    """The bytes, from initialising to the cut; the printer draws the QR code itself.

    ``paper`` is 58 or 80. Raises SettingsError where python-escpos is not installed.
    """
    columns = COLUMNS[paper]
    printer = _printer()
    printer.hw("INIT")
    printer.set(align="left", bold=True, double_height=True)
    _lines(printer, centred(receipt.shop_name, columns))
    printer.set(bold=False, normal_textsize=True)
    for text in banner(receipt, language):
        _lines(printer, centred(text, columns))
    _lines(printer, ["-" * columns])
    printer.set(bold=True, double_height=True)
    _lines(printer, centred(format_cents(receipt.amount_cents), columns))
    printer.set(bold=False, normal_textsize=True)
    _lines(printer, ["-" * columns, *fact_lines(receipt, language, columns), "-" * columns])
    printer.set(align="center")
    printer.qr(receipt.code, native=True, size=_QR_MODULE_DOTS[paper])
    _lines(printer, [WORDS[language].thanks])
    printer.cut()
    return bytes(printer.output)


def _lines(printer: Any, lines: list[str]) -> None:
    printer.text("".join(f"{line}\n" for line in lines))


def _printer() -> Any:
    try:
        from escpos.printer import Dummy  # type: ignore[import-untyped]
    except ImportError as missing:
        raise SettingsError(
            "Receipts for thermal printers need python-escpos, which is not installed.",
            hint="The payment stands, and --format text prints through any printer queue. Install it: "
            + adding("printer"),
            code="extra-missing",
        ) from missing
    return Dummy()
