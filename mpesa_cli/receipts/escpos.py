"""A receipt or a slip as ESC/POS bytes, for thermal printers of 58 and 80 mm. Needs the extra ``printer``."""

from typing import Any

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.installation import adding
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.sheet import Code, Sheet, receipt_sheet
from mpesa_cli.receipts.text import COLUMNS, banner, centred, fact_lines
from mpesa_cli.receipts.words import Language
from mpesa_cli.rules.values.amount import format_cents

_QR_MODULE_DOTS = {"58": 5, "80": 6}


def escpos_receipt(receipt: Receipt, language: Language, paper: str) -> bytes:
    """The bytes of a receipt. ``paper`` is 58 or 80. Raises SettingsError where python-escpos is not installed."""
    return escpos_sheet(receipt_sheet(receipt, language), paper)


def escpos_sheet(sheet: Sheet, paper: str) -> bytes:
    """The bytes, from initialising to the cut; the printer draws the QR code of a text itself.

    ``paper`` is 58 or 80. Raises SettingsError where python-escpos is not installed.
    """
    columns = COLUMNS[paper]
    printer = _printer()
    printer.hw("INIT")
    printer.set(align="left", bold=True, double_height=True)
    _lines(printer, centred(sheet.shop_name, columns))
    printer.set(bold=False, normal_textsize=True)
    for text in banner(sheet):
        _lines(printer, centred(text, columns))
    _lines(printer, ["-" * columns])
    printer.set(bold=True, double_height=True)
    _lines(printer, centred(format_cents(sheet.amount_cents), columns))
    printer.set(bold=False, normal_textsize=True)
    _lines(printer, ["-" * columns, *fact_lines(sheet, columns), "-" * columns])
    printer.set(align="center")
    if sheet.code is not None and sheet.code.text:
        printer.qr(sheet.code.text, native=True, size=_QR_MODULE_DOTS[paper])
    elif sheet.code is not None:
        printer._raw(_raster(sheet.code, _QR_MODULE_DOTS[paper]))
    _lines(printer, [sheet.ends])
    printer.cut()
    return bytes(printer.output)


def _raster(code: Code, dots: int) -> bytes:
    """A code as a bit image (GS v 0): M-PESA's own picture, of which nobody knows the text."""
    size, runs = code.runs()
    side = size * dots
    row_bytes, dark = (side + 7) // 8, [0] * size
    for run in runs:
        for x in range(run.x * dots, (run.x + run.length) * dots):
            dark[run.y] |= 1 << (row_bytes * 8 - 1 - x)
    lines = b"".join(row.to_bytes(row_bytes, "big") * dots for row in dark)
    return b"\x1dv0\x00" + row_bytes.to_bytes(2, "little") + side.to_bytes(2, "little") + lines


def _lines(printer: Any, lines: list[str]) -> None:
    printer.text("".join(f"{line}\n" for line in lines))


def _printer() -> Any:
    try:
        from escpos.printer import Dummy  # type: ignore[import-untyped]
    except ImportError as missing:
        raise SettingsError(
            "Thermal printers need python-escpos, which is not installed.",
            hint="--format text prints through any printer queue. Install it: "
            + adding("printer"),
            code="extra-missing",
        ) from missing
    return Dummy()
