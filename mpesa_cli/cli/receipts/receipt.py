"""``mpesa receipt``: the receipt of a paid payment, on the screen, on paper or as a file."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mpesa_cli.cli.options import REF, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.floor.errors import InvalidInput, MpesaError
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from mpesa_cli.receipts.receipt import Receipt, Shop
    from mpesa_cli.settings.profile import Profile

Format = Literal["text", "html", "pdf", "escpos", "json"]
Paper = Literal["58", "80", "a5"]
Language = Literal["en", "sw"]

BY_EXTENSION: dict[str, Format] = {
    ".txt": "text", ".html": "html", ".htm": "html", ".pdf": "pdf", ".json": "json",
    ".escpos": "escpos", ".prn": "escpos", ".bin": "escpos",
}  # fmt: skip
BINARY = {"pdf", "escpos"}


def receipt(
    ctx: typer.Context,
    ref: Annotated[str | None, REF] = None,
    paper: Annotated[Paper, typer.Option("--paper", help="58 or 80 mm rolls; A5 for HTML and PDF.")] = "80",
    format_: Annotated[
        Format | None, typer.Option("--format", help="What to make [default: by the file's name, else text].")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Write it to this file (.txt .html .pdf …).", metavar="FILE"),
    ] = None,
    printer: Annotated[
        str | None,
        typer.Option(
            "--printer", help="Print it: tcp://HOST:9100, or a device as /dev/usb/lp0.", metavar="TARGET"
        ),
    ] = None,
    sms: Annotated[bool, typer.Option("--sms", help="Send it to the customer as an SMS.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="With --sms: to this phone instead.", metavar="PHONE")
    ] = None,
    list_failed: Annotated[
        bool, typer.Option("--failed", help="List the SMS receipts that were not sent, or may not have been.")
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="Mark it as a copy of a receipt given before.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option("--language", help="English or Kiswahili [default: the profile's].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Make the receipt of a payment that is paid.

    \b
    Examples:
      mpesa receipt 1042
      mpesa receipt 1042 --output 1042.pdf --paper a5
      mpesa receipt 1042 --printer tcp://192.168.1.50:9100 --paper 58 --copy
      mpesa receipt 1042 --language sw | lp
      mpesa receipt 1042 --sms
      mpesa receipt --failed

    Every form has the same facts; the phone number is masked in all of them. A payment that is not paid has
    no receipt: exit status 9 and its state. Changes nothing in the ledger but for --sms, which notes what was
    sent: a second SMS goes out only where the first one failed, or with --copy or --to.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    if sms or list_failed or to is not None:
        from mpesa_cli.cli.receipts.sms_sending import Asked, receipt_by_sms

        elsewhere = output is not None or printer is not None or format_ is not None
        asked = Asked(to, copy, language, elsewhere, json_)
        receipt_by_sms(runtime, runtime.profile(profile), ref, asked, sms=sms, list_failed=list_failed)
        return
    if ref is None:
        raise InvalidInput("Which payment's receipt?", hint="Right: mpesa receipt ORDER", code="usage")
    chosen = _format(format_, output, printer, as_json=json_)
    if paper == "a5" and chosen in {"text", "escpos"}:
        raise InvalidInput(
            f"A5 is for HTML and PDF; {chosen} is for rolls.",
            hint=f"Right: mpesa receipt {shlex.quote(ref)} --paper a5 --output receipt.pdf",
        )
    from mpesa_cli.cli.payments.status import find
    from mpesa_cli.receipts.receipt import receipt_of

    settings = runtime.profile(profile)
    made = receipt_of(find(runtime, settings, ref), shop_of(settings), copy=copy)
    spoken = language or settings.language
    options = {
        "--output": output, "--printer": printer, "--format": format_, "--language": language,
        "--paper": paper if paper != "80" else None, "--profile": profile,
    }  # fmt: skip
    again = shlex.join(
        ["mpesa", "receipt", ref, *(w for k, v in options.items() if v is not None for w in (k, v))]
    )
    try:
        on_screen = output is None and printer is None
        bold = on_screen and runtime.streams.has_colour(runtime.streams.stdout)
        data = _face(made, spoken, chosen, paper, bold=bold)
        _tell_of_lost_letters(runtime.streams, made, spoken, chosen, again=shlex.join(["mpesa", "receipt", ref]))
        _hand_over(runtime.streams, data, chosen, output=output, printer=printer, force=force, again=again)
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


def _hand_over(
    streams: Streams, data: bytes, chosen: Format, *,
    output: str | None, printer: str | None, force: bool, again: str,
) -> None:  # fmt: skip
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


def _format(format_: Format | None, output: str | None, printer: str | None, *, as_json: bool) -> Format:
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


def shop_of(profile: "Profile") -> "Shop":
    """Who gives the receipts of a profile."""
    from mpesa_cli.receipts.receipt import Shop

    return Shop(
        profile.shop_name, profile.kind, profile.party_b, frozenset({profile.shortcode, profile.party_b})
    )


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
