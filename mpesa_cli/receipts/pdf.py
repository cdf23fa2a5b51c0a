"""A receipt or a slip as PDF: as long as it is on a roll of 58 or 80 mm, or on A5. Needs the extra ``pdf``."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.installation import adding
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.sheet import Code, Sheet, receipt_sheet
from mpesa_cli.receipts.words import Language
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.cells import in_charset

if TYPE_CHECKING:
    from fpdf import FPDF

_MARGIN_MM = {"58": 3.0, "80": 5.0, "a5": 15.0}
_WIDTH_MM = {"58": 58.0, "80": 80.0, "a5": 148.0}
_QR_MM = 28.0
_ROLL_MAX_MM = 1_000.0
_CHARSET = "latin-1"  # what the fonts that every PDF reader has can show


def pdf_receipt(receipt: Receipt, language: Language, paper: str) -> bytes:
    """The document of a receipt. ``paper`` is 58, 80 (mm) or a5. Raises SettingsError where fpdf2 is not installed."""
    return pdf_sheet(receipt_sheet(receipt, language), paper)


def pdf_sheet(sheet: Sheet, paper: str) -> bytes:
    """The document. ``paper`` is 58, 80 (mm) or a5. Raises SettingsError where fpdf2 is not installed."""
    if paper == "a5":
        return bytes(_drawn(sheet, paper, 210.0).output())
    tall = _drawn(sheet, paper, _ROLL_MAX_MM)
    return bytes(_drawn(sheet, paper, tall.get_y() + _MARGIN_MM[paper]).output())


def _drawn(sheet: Sheet, paper: str, height_mm: float) -> "FPDF":
    pdf = _page(sheet, paper, height_mm)
    large = paper == "a5"
    if sheet.trial:
        _across(pdf, sheet.environment.upper())
    _centred(pdf, sheet.shop_name, 20 if large else 14, style="B")
    _centred(pdf, f"{sheet.kind} - {sheet.mark}" if sheet.mark else sheet.kind, 11 if large else 9)
    if sheet.trial:
        pdf.ln(1)
        _centred(pdf, sheet.trial, 12 if large else 9, style="B", border="LTRB")
    pdf.ln(2)
    _centred(pdf, format_cents(sheet.amount_cents), 26 if large else 18, style="B", border="TB")
    pdf.ln(2)
    for fact in sheet.facts:
        _fact(pdf, fact.label, fact.value, 11 if large else 8.5)
    if sheet.code is not None:
        _qr(pdf, sheet.code)
    _centred(pdf, sheet.ends, 11 if large else 9)
    return pdf


def _page(sheet: Sheet, paper: str, height_mm: float) -> "FPDF":
    try:
        from fpdf import FPDF
    except ImportError as missing:
        raise SettingsError(
            "PDF needs fpdf2, which is not installed.",
            hint=f"Other formats work. Install it: {adding('pdf')}",
            code="extra-missing",
        ) from missing
    pdf = FPDF(unit="mm", format=(_WIDTH_MM[paper], height_mm))
    pdf.set_margin(_MARGIN_MM[paper])
    pdf.set_auto_page_break(auto=paper == "a5", margin=_MARGIN_MM[paper])
    pdf.set_title(_text(sheet.title))
    pdf.set_author(_text(sheet.shop_name))
    pdf.set_lang(sheet.language)
    # The time of the payment, not of the printing: the same receipt gives the same bytes.
    pdf.set_creation_date(datetime.fromtimestamp(sheet.stamp_us // SECOND_US, UTC))
    pdf.add_page()
    return pdf


def _centred(pdf: "FPDF", text: str, size: float, *, style: str = "", border: str = "") -> None:
    pdf.set_font("helvetica", style=style, size=size)
    pdf.multi_cell(0, size * 0.5, _text(text), align="C", border=border or 0, new_x="LMARGIN", new_y="NEXT")


def _fact(pdf: "FPDF", label: str, value: str, size: float) -> None:
    height = size * 0.48
    pdf.set_font("helvetica", size=size)
    pdf.set_text_color(90)
    pdf.cell(size * 2.9, height, _text(label))
    pdf.set_text_color(0)
    pdf.multi_cell(0, height, _text(value), align="R", new_x="LMARGIN", new_y="NEXT")


def _qr(pdf: "FPDF", code: Code) -> None:
    size, runs = code.runs()
    module = _QR_MM / size
    left, top = (pdf.w - _QR_MM) / 2, pdf.get_y()
    pdf.set_fill_color(255)
    pdf.rect(left, top, _QR_MM, _QR_MM, style="F")
    pdf.set_fill_color(0)
    for run in runs:
        pdf.rect(left + run.x * module, top + run.y * module, run.length * module, module, style="F")
    pdf.set_y(top + _QR_MM)


def _across(pdf: "FPDF", word: str) -> None:
    """The word in pale letters over the page, under everything else."""
    x, y = pdf.w / 2, min(pdf.h, pdf.w * 1.6) / 2
    pdf.set_font("helvetica", style="B", size=pdf.w * 0.42)
    pdf.set_text_color(232)
    with pdf.rotation(32, x, y):
        pdf.text(x - pdf.get_string_width(word) / 2, y, word)
    pdf.set_text_color(0)


def _text(text: str) -> str:
    return in_charset(text, _CHARSET)
