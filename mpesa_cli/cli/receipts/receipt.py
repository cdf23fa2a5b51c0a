"""``mpesa receipt``: the receipt of a paid payment, on the screen, on paper, as a file or as an SMS."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import REF, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.receipts.make import Format, Language, Paper, Wanted, make_receipt
from mpesa_cli.cli.result import Result


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
    to_pay: Annotated[
        bool, typer.Option("--to-pay", help="Before it is paid: a slip to pay by, with M-PESA's QR code.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option("--language", help="English or Kiswahili [default: the profile's].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result | None:
    """Make the receipt of a payment that is paid.

    \b
    Examples:
      mpesa receipt 1042
      mpesa receipt 1042 --output 1042.pdf --paper a5
      mpesa receipt 1042 --printer tcp://192.168.1.50:9100 --paper 58 --copy
      mpesa receipt 1042 --language sw | lp
      mpesa receipt 1042 --sms
      mpesa receipt --failed
      mpesa receipt 1042 --to-pay --output 1042.html

    Every form has the same facts; the phone number is masked in all of them. A payment that is not paid has
    no receipt: exit status 9 and its state. An order that is known (mpesa order add) and surely not paid gets a slip by
    --to-pay, which is no receipt and asks no phone. Changes nothing in the ledger but for --sms, which notes what was
    sent: a second SMS goes out only where the first one failed, or with --copy or --to.
    """
    from mpesa_cli.cli.together import check_together

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    together = {
        "REF": ref, "--sms": sms, "--failed": list_failed, "--to": to, "--output": output, "--printer": printer,
        "--format": format_, "--to-pay": to_pay, "--copy": copy,
    }
    check_together("receipt", together)
    if list_failed:
        from mpesa_cli.cli.receipts.sms_failed import failed_receipts

        return failed_receipts(runtime, runtime.profile(profile))
    if sms:
        from mpesa_cli.cli.receipts.sms_sending import send_receipt_sms

        return send_receipt_sms(runtime, runtime.profile(profile), ref or "", to, language, copy=copy)
    wanted = Wanted(ref or "", paper, format_, output, printer, language, profile)
    if to_pay:
        from mpesa_cli.cli.receipts.slip import make_slip

        make_slip(runtime, wanted, force=force)
        return None
    make_receipt(runtime, wanted, copy=copy, force=force)
    return None
