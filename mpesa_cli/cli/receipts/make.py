"""One receipt, made in the form that was asked for, and handed to the screen, a file or a printer."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mpesa_cli.floor.errors import InvalidInput, MpesaError
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from mpesa_cli.receipts.sheet import Sheet

Format = Literal["text", "html", "pdf", "escpos", "json"]
Paper = Literal["58", "80", "a5"]
Language = Literal["en", "sw"]

BY_EXTENSION: dict[str, Format] = {
    ".txt": "text", ".html": "html", ".htm": "html", ".pdf": "pdf", ".json": "json",
    ".escpos": "escpos", ".prn": "escpos", ".bin": "escpos",
}
BINARY = {"pdf", "escpos"}


class Wanted(NamedTuple):
    """The words typed of one receipt; None for what was not."""

    ref: str
    paper: Paper
    format: Format | None
    output: str | None
    printer: str | None
    language: Language | None
    profile: str | None

    def again(self) -> str:
        """The command line that makes it once more."""
        options = {
            "--output": self.output, "--printer": self.printer, "--format": self.format, "--language": self.language,
            "--paper": self.paper if self.paper != "80" else None, "--profile": self.profile,
        }
        typed = (word for name, value in options.items() if value is not None for word in (name, value))
        return shlex.join(["mpesa", "receipt", self.ref, *typed])


class Paperwork(NamedTuple):
    """A paper to be made: its sheet, its JSON document, the word for it, what stands whatever becomes of it, and the
    command that makes it anew. ``drawn`` are the lines of its code for a screen."""

    sheet: "Sheet"
    document: dict[str, Any]
    word: str
    stands: str
    again: str
    drawn: Sequence[str] = ()


def make_receipt(runtime: Runtime, wanted: Wanted, *, copy: bool, force: bool) -> None:
    """Make the receipt of a paid payment and hand it over. Raises MpesaError."""
    from mpesa_cli.cli.payments.status import find
    from mpesa_cli.receipts.receipt import Shop, receipt_of
    from mpesa_cli.receipts.sheet import receipt_sheet
    from mpesa_cli.receipts.words import receipt_document

    chosen = check_format(wanted, as_json=runtime.streams.as_json)
    settings = runtime.profile(wanted.profile)
    made = receipt_of(find(runtime, settings, wanted.ref), Shop.of(settings), copy=copy)
    spoken = wanted.language or settings.language
    paperwork = Paperwork(
        receipt_sheet(made, spoken), receipt_document(made, spoken), "receipt", "The payment stands: it is paid.",
        wanted.again(),
    )
    try:
        hand_over(runtime.streams, paperwork, wanted, chosen, force=force)
    except MpesaError as failed:
        failed.money_moved = "yes"  # whatever becomes of the paper, the payment is paid
        raise


def check_format(wanted: Wanted, *, as_json: bool) -> Format:
    """The form that is wanted. Raises InvalidInput where it can't be had on that paper."""
    chosen = _format(wanted, as_json=as_json)
    if wanted.paper == "a5" and chosen in {"text", "escpos"}:
        raise InvalidInput(
            f"A5 is for HTML and PDF; {chosen} is for rolls.",
            hint=f"Right: mpesa receipt {shlex.quote(wanted.ref)} --paper a5 --output receipt.pdf",
        )
    return chosen


def hand_over(streams: Streams, paperwork: Paperwork, wanted: Wanted, chosen: Format, *, force: bool) -> None:
    """Draw it in the chosen form, and give it to the printer, the file or the screen. Raises MpesaError."""
    output, printer = wanted.output, wanted.printer
    on_screen = output is None and printer is None
    bold = on_screen and streams.has_colour(streams.stdout)
    data = _face(paperwork, chosen, wanted.paper, bold=bold)
    _tell_of_lost_letters(streams, paperwork.sheet, chosen, again=shlex.join(["mpesa", "receipt", wanted.ref]))
    if printer is not None:
        from mpesa_cli.receipts.printer import send_to_printer

        send_to_printer(printer, data, paperwork.again, word=paperwork.word, stands=paperwork.stands)
        streams.say(f"The {paperwork.word} was sent to {printer}.")
    elif output is not None:
        from mpesa_cli.floor.files.new_file import write_new_file

        write_new_file(Path(output), data, overwrite=force, again=paperwork.again, stands=paperwork.stands)
        streams.say(f"The {paperwork.word} is in {output}.")
    else:
        _to_stdout(streams, data, chosen, paperwork.again)


def _tell_of_lost_letters(streams: Streams, sheet: "Sheet", chosen: Format, *, again: str) -> None:
    """Say where a form can't show the letters of a name: its fonts, or the printer, know a few alphabets only."""
    from mpesa_cli.terminal.cells import lost_in

    charset = {"pdf": "latin-1", "escpos": "ascii", "text": "ascii"}.get(chosen)
    lost = lost_in([sheet.shop_name, *(fact.value for fact in sheet.facts)], charset) if charset else ""
    if lost:
        streams.complain(
            f"Letters are shown as '?' here: {chosen} has no {lost[:20]}. All in: {again} --output receipt.html"
        )


def _format(wanted: Wanted, *, as_json: bool) -> Format:
    format_, output, printer = wanted.format, wanted.output, wanted.printer
    if output is not None and printer is not None:
        raise InvalidInput(
            "A receipt goes to a file or to a printer.", hint="Give --output or --printer, not both."
        )
    if as_json and format_ not in {None, "json"}:
        raise InvalidInput(f"--json and --format {format_} can't both be meant.", hint="Give one of them.")
    if format_ is not None or as_json:
        return format_ or "json"
    if printer is not None:
        return "escpos"
    if output is None:
        return "text"
    extension = Path(output).suffix.lower()
    if extension not in BY_EXTENSION:
        raise InvalidInput(
            f"The name {output!r} does not say what to make.",
            hint=f"End it in {', '.join(BY_EXTENSION)}, or say it: --format pdf",
            code="unknown-format",
        )
    return BY_EXTENSION[extension]


def _face(paperwork: Paperwork, chosen: Format, paper: Paper, *, bold: bool) -> bytes:
    """The sheet as bytes of the chosen format."""
    sheet = paperwork.sheet
    match chosen:
        case "html":
            from mpesa_cli.receipts.html import html_sheet

            return html_sheet(sheet, paper).encode()
        case "pdf":
            from mpesa_cli.receipts.pdf import pdf_sheet

            return pdf_sheet(sheet, paper)
        case "escpos":
            from mpesa_cli.receipts.escpos import escpos_sheet

            return escpos_sheet(sheet, paper)
        case "json":
            import json

            return (json.dumps(paperwork.document, indent=2, ensure_ascii=False) + "\n").encode()
        case "text":
            from mpesa_cli.receipts.text import COLUMNS, text_sheet

            return (text_sheet(sheet, COLUMNS[paper], bold=bold, drawn=paperwork.drawn) + "\n").encode()


def _to_stdout(streams: Streams, data: bytes, chosen: Format, again: str) -> None:
    if chosen not in BINARY:
        streams.out(data.decode().removesuffix("\n"))
        return
    if streams.is_terminal(streams.stdout):
        raise InvalidInput(
            f"{chosen} is not for a screen.",
            hint=f"Give it a file: {again} --output receipt.{'pdf' if chosen == 'pdf' else 'prn'}",
            code="binary-on-screen",
        )
    streams.out_bytes(data)
