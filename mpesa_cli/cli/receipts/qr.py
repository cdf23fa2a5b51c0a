"""``mpesa qr``: a code that a customer's M-PESA app reads, with shop and amount filled in."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.amount import parse_shillings

if TYPE_CHECKING:
    from mpesa_cli.receipts.qr_picture import Modules
    from mpesa_cli.settings.profile import Profile


def qr(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(help="Whole shillings.", metavar="AMOUNT")],
    order: Annotated[
        str | None, typer.Option("--order", help="The order, as the code's reference.", metavar="ID")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write it to this file: .png or .svg.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Have M-PESA make a QR code that opens the customer's app with shop and amount filled in.

    \b
    Examples:
      mpesa qr 1500 --order 1042
      mpesa qr 1500 --order 1042 --output 1042.png

    Without a file the code is drawn in the terminal. What a customer pays with it comes as a payment by hand
    (mpesa c2b-register). Whether the order comes back with it is not known: claim it by amount and phone, as others.
    Asks nobody for money and changes nothing in the ledger. Exits 3 where M-PESA says no, 5 where no code came.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.daraja.questions.dynamic_qr import qr_body, qr_picture
    from mpesa_cli.rules.values.reference import check_order_id

    kind = Path(output).suffix.lower() if output else ""
    if output and kind not in {".png", ".svg"}:
        raise InvalidInput(
            f"A QR code is not written as {kind or 'a file without an ending'}.",
            hint="Nothing was asked. Right: --output code.png or --output code.svg", code="invalid-format",
        )
    shillings = parse_shillings(amount, settings.limits)
    reference = check_order_id(order) if order else settings.account_number or settings.shortcode
    body = qr_body(settings.shop_name, settings.kind, settings.party_b, shillings, reference)
    picture = qr_picture(runtime.daraja(settings), body)
    document = {
        "environment": settings.environment, "amount": shillings, "number": settings.party_b, "reference": reference,
        "file": output, "png": None if output else base64.b64encode(picture).decode(),
    }
    if output:
        data = picture if kind == ".png" else _svg(picture, shillings).encode()
        from mpesa_cli.floor.files.new_file import write_new_file

        write_new_file(Path(output), data, overwrite=force, again="mpesa qr AMOUNT --output FILE",
                       stands="Nothing was changed.")
        return Result(document, [output])
    from mpesa_cli.receipts.qr_picture import as_text

    lines = [] if json_ else as_text(_modules(picture))
    return Result(document, lines, [Note(_words(settings, shillings))])


def _words(settings: "Profile", shillings: int) -> str:
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.terminal.payment_words import environment_label

    label = environment_label(settings.environment)
    amount, shop = format_cents(shillings * 100), f"{settings.kind} {settings.party_b}"
    words = f"Scanned with the M-PESA app it pays {amount} to {shop}."
    return f"{words} {label}" if label else words


def _svg(picture: bytes, shillings: int) -> str:
    from mpesa_cli.receipts.qr_picture import as_svg

    return as_svg(_modules(picture), f"M-PESA, KES {shillings:,}")


def _modules(picture: bytes) -> "Modules":
    from mpesa_cli.floor.errors import Temporary
    from mpesa_cli.receipts.qr_picture import modules_of

    found = modules_of(picture)
    if found is None:
        raise Temporary(
            "M-PESA's picture can't be drawn anew.", code="qr-unreadable",
            hint="Nothing was asked of anybody. Keep it as it came: mpesa qr AMOUNT --output code.png",
        )
    return found
