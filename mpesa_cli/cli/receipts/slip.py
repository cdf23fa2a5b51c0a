"""``mpesa receipt ORDER --to-pay``: a slip by which an order that is surely not paid can be paid by hand."""

import base64
from typing import TYPE_CHECKING

from mpesa_cli.cli.receipts.make import Paperwork, Wanted, check_format, hand_over
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.receipts.sheet import Code
    from mpesa_cli.receipts.slip import Slip
    from mpesa_cli.settings.profile import Profile


def make_slip(runtime: Runtime, wanted: Wanted, *, force: bool) -> None:
    """Make the slip and hand it over. Raises Conflict where the order is paid or may be, and other MpesaErrors.

    Where M-PESA makes no code, that is said, and the slip has none: the number and the account can be typed.
    """
    from mpesa_cli.receipts.qr_picture import as_text
    from mpesa_cli.receipts.slip import slip_sheet

    chosen = check_format(wanted, as_json=runtime.streams.as_json)
    settings = runtime.profile(wanted.profile)
    slip = _slip(runtime, settings, wanted.ref)
    picture, code = _code(runtime, settings, slip)
    sheet = slip_sheet(slip, code, wanted.language or settings.language)
    is_screen = wanted.output is None and wanted.printer is None and runtime.streams.is_terminal(runtime.streams.stdout)
    drawn = as_text([list(row) for row in code.modules]) if code is not None and is_screen else ()
    paperwork = Paperwork(
        sheet, _document(slip, picture), "slip", "Nobody was asked for money.", f"{wanted.again()} --to-pay", drawn
    )
    try:
        hand_over(runtime.streams, paperwork, wanted, chosen, force=force)
    except MpesaError as failed:
        failed.money_moved = "no"
        raise


def _slip(runtime: Runtime, profile: "Profile", ref: str) -> "Slip":
    """What is to be paid for an order that was added, or asked for in vain. Raises NotFound, Conflict."""
    from mpesa_cli.cli.payments.status import find
    from mpesa_cli.ledger.orders import Orders
    from mpesa_cli.ledger.restoring import Restores
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.told import find_told, shop_of
    from mpesa_cli.receipts.receipt import Shop
    from mpesa_cli.receipts.slip import Slip, check_unpaid
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.restored import check_gap
    from mpesa_cli.rules.values.reference import account_reference

    ledger, now_us = runtime.ledger(profile), runtime.world.now_us()
    callback_intake(runtime, profile)()
    told = find_told(ledger, ref, shop_of(profile, runtime.world))
    added = Orders(ledger).order(ref.strip()) if told is None else None
    known = added or find(runtime, profile, ref)
    msisdn = known.msisdn if isinstance(known, Payment) else ""
    gap = Restores(ledger).in_the_gap(known.order_id, known.amount_cents, msisdn, profile.takes_money_on)
    if isinstance(known, Payment):
        check_unpaid(known, gap, now_us)
    check_gap(gap, known.order_id)
    account = ""
    if profile.kind == "paybill":
        account = profile.account_number or account_reference(
            profile.account_reference, known.order_id, profile.account_reference_max
        )
    return Slip(Shop.of(profile), known.order_id, account, known.amount_cents, profile.environment, now_us)


def _code(runtime: Runtime, profile: "Profile", slip: "Slip") -> "tuple[bytes, Code | None]":
    """M-PESA's picture and the code in it; none where it makes none just now, or nothing that can be read."""
    from mpesa_cli.daraja.questions.dynamic_qr import qr_body, qr_picture
    from mpesa_cli.receipts.qr_picture import modules_of
    from mpesa_cli.receipts.sheet import Code

    shop = slip.shop
    body = qr_body(shop.name, shop.kind, shop.number, slip.amount_cents // 100, slip.account or slip.order_id)
    try:
        picture = qr_picture(runtime.daraja(profile), body)
    except MpesaError as failed:
        runtime.streams.complain(f"The slip has no QR code. {failed.message}")
        return b"", None
    modules = modules_of(picture)
    if modules is None:
        runtime.streams.complain("The slip has no QR code. M-PESA's picture can't be drawn anew.")
    return picture, Code(modules=modules) if modules is not None else None


def _document(slip: "Slip", picture: bytes) -> dict[str, object]:
    from mpesa_cli.floor.moments import rfc3339
    from mpesa_cli.rules.values.amount import cents_to_json

    return {
        "order_id": slip.order_id,
        "environment": slip.environment,
        "shop_name": slip.shop.name,
        "kind": slip.shop.kind,
        "number": slip.shop.number,
        "account": slip.account or None,
        "amount": cents_to_json(slip.amount_cents),
        "made_at": rfc3339(slip.made_us),
        "png": base64.b64encode(picture).decode() if picture else None,
    }
