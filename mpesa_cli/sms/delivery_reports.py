"""Delivery reports: the network's word on an SMS that the provider had taken."""

import json

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import OutboxWrites
from mpesa_cli.ledger.values import RawBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.holding import hold_body
from mpesa_cli.sms.outbox import detail
from mpesa_cli.sms.providers.delivery import DeliveryReport

CHANNEL = "sms-report"
_FINAL = frozenset({"delivered", "not_delivered"})


def apply_delivery_report(ledger: Ledger, report: DeliveryReport, now_us: int) -> bool:
    """File a report with its SMS. False where no message of ours has that id.

    The first final word stands. A message that did not arrive counts as given up, so that it is listed and
    can be sent again; it is never sent again by itself.
    """
    with ledger.write() as tx:
        return apply_in(tx, report, now_us)


def hold_report(ledger: Ledger, body: bytes, peer: str, now_us: int) -> None:
    """Hold a report that can't be read: it came on the address that only the provider knows."""
    with ledger.write() as tx:
        callback_id = BodyWrites(tx).store_body(CHANNEL, body, peer, now_us)
        if callback_id is not None:
            raw = RawBody(callback_id, CHANNEL, now_us, peer, body)
            hold_body(tx, raw, "sms_report", "bad-report", "a delivery report that can't be read")


def apply_in(tx: Write, report: DeliveryReport, now_us: int) -> bool:
    """The same inside a transaction that is open."""
    row = OutboxWrites(tx).of_message(report.message_id)
    if row is None:
        return False
    known = json.loads(row.detail)
    if known.get("delivery") in _FINAL or known.get("delivery") == report.reached:
        return True
    facts = known | {"delivery": report.reached}
    if report.reached == "not_delivered":
        why = report.failure_reason or report.status
        facts |= {"code": why, "words": f"The network did not deliver it ({why})."}
    state = "given_up" if report.reached == "not_delivered" else row.state
    OutboxWrites(tx).finish(row.event_id, state, detail(**facts), now_us, report.message_id)
    return True
