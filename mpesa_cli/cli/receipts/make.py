"""One receipt, made in the form that was asked for, and handed to the screen, a file or a printer."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from mpesa_cli.floor.errors import InvalidInput, MpesaError
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from mpesa_cli.receipts.receipt import Receipt

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


def make_receipt(runtime: Runtime, wanted: Wanted, *, copy: bool, force: bool) -> None:
    """Make the receipt of a paid payment and hand it over. Raises MpesaError."""
    from mpesa_cli.cli.payments.status import find
    from mpesa_cli.receipts.receipt import Shop, receipt_of

    chosen, paper = _format(wanted, as_json=runtime.streams.as_json), wanted.paper
    if paper == "a5" and chosen in {"text", "escpos"}:
        raise InvalidInput(
            f"A5 is for HTML and PDF; {chosen} is for rolls.",
            hint=f"Right: mpesa receipt {shlex.quote(wanted.ref)} --paper a5 --output receipt.pdf",
        )
    settings = runtime.profile(wanted.profile)
    made = receipt_of(find(runtime, settings, wanted.ref), Shop.of(settings), copy=copy)
    spoken = wanted.language or settings.language
    try:
        on_screen = wanted.output is None and wanted.printer is None
        bold = on_screen and runtime.streams.has_colour(runtime.streams.stdout)
        data = _face(made, spoken, chosen, paper, bold=bold)
        plain = shlex.join(["mpesa", "receipt", wanted.ref])
        _tell_of_lost_letters(runtime.streams, made, spoken, chosen, again=plain)
        _hand_over(runtime.streams, data, chosen, wanted, force=force, again=wanted.again())
    except MpesaError as failed:
        failed.money_moved = "yes"  # whatever becomes of the paper, the payment is paid
        raise


def _tell_of_lost_letters(
    streams: Streams, made: "Receipt", language: Language, chosen: Format, *, again: str
) -> None:
    """Say where a form can't show the letters of a name: its fonts, or the printer, know a few alphabets only."""
    from mpesa_cli.receipts.words import facts
    from mpesa_cli.terminal.cells import lost_in

    charset = {"pdf": "latin-1", "escpos": "ascii", "text": "ascii"}.get(chosen)
    lost = lost_in([made.shop_name, *(fact.value for fact in facts(made, language))], charset) if charset else ""
    if lost:
        streams.complain(
            f"Letters are shown as '?' here: {chosen} has no {lost[:20]}. All in: {again} --output receipt.html"
        )


def _hand_over(streams: Streams, data: bytes, chosen: Format, wanted: Wanted, *, force: bool, again: str) -> None:
    output, printer = wanted.output, wanted.printer
    if printer is not None:
        from mpesa_cli.receipts.printer import send_to_printer

        send_to_printer(printer, data, again)
        streams.say(f"The receipt was sent to {printer}.")
    elif output is not None:
        from mpesa_cli.floor.files.new_file import write_new_file

        write_new_file(Path(output), data, overwrite=force, again=again, stands="The payment stands.")
        streams.say(f"The receipt is in {output}.")
    else:
        _to_stdout(streams, data, chosen, again)


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


def _face(made: "Receipt", language: Language, chosen: Format, paper: Paper, *, bold: bool) -> bytes:
    """The receipt as bytes of the chosen format."""
    match chosen:
        case "html":
            from mpesa_cli.receipts.html import html_receipt

            return html_receipt(made, language, paper).encode()
        case "pdf":
            from mpesa_cli.receipts.pdf import pdf_receipt

            return pdf_receipt(made, language, paper)
        case "escpos":
            from mpesa_cli.receipts.escpos import escpos_receipt

            return escpos_receipt(made, language, paper)
        case "json":
            import json

            from mpesa_cli.receipts.words import receipt_document

            return (
                json.dumps(receipt_document(made, language), indent=2, ensure_ascii=False) + "\n"
            ).encode()
        case "text":
            from mpesa_cli.receipts.text import COLUMNS, text_receipt

            return (text_receipt(made, language, COLUMNS[paper], bold=bold) + "\n").encode()


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
