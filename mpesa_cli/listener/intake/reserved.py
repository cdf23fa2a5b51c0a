"""Room on a prompt's address for the bodies that tell how it ended, when junk has taken all the rest.

Whoever holds an address can fill it. Two more bodies are taken all the same: the first success and the first failure
that can be read and name the attempt by the id in Daraja's answer. Where that was lost, the first of each.
"""

from mpesa_cli.daraja.callbacks import StkFailed, StkPaid, read_stk_callback
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Received
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import is_open


def store_reserved(tx: Write, ref: AttemptRef, body: bytes, peer: str, at_us: int) -> str | None:
    """The id under which a body was stored in a reserved place, or None where it has no right to one."""
    said = read_stk_callback(body)
    if not isinstance(said, StkPaid | StkFailed):
        return None
    evidence = tx.evidence(ref)
    named = next((e.checkout_request_id for e in evidence if isinstance(e, Accepted)), "")
    if named and said.checkout_request_id != named:
        return None
    kind = Received if isinstance(said, StkPaid) else CallbackFailed
    told = (e.checkout_request_id for e in evidence if isinstance(e, kind) and e.callback_id)
    waits = (read_stk_callback(raw.body) for raw in Bodies(tx).unread_callbacks(ref))
    told_unread = (each.checkout_request_id for each in waits if isinstance(each, type(said)))
    if any(not named or each == named for each in (*told, *told_unread)):
        return None
    return BodyWrites(tx).store_callback_beyond(ref, body, peer, at_us)


def to_ask_about(tx: Write, ref: AttemptRef) -> tuple[Payment, Attempt] | None:
    """The attempt of a body that was turned away, where money may still come: Daraja is asked about it instead."""
    payment = tx.payment(ref.payment_id)
    attempt = next((each for each in payment.attempts if each.ref == ref), None) if payment else None
    return (payment, attempt) if payment and attempt and is_open(attempt.state) else None
