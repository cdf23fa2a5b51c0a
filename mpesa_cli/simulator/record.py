"""The simulator's own record: every charge, and every message to the merchant. Tests compare ledgers with it."""

from dataclasses import asdict
from typing import Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.accounts import every_movement
from mpesa_cli.simulator.apis.c2b_body import shillings
from mpesa_cli.simulator.movement import Kind
from mpesa_cli.simulator.state import Sending, State


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that left a customer: once for each paid prompt, once for each completed C2B payment."""

    kind: Literal["stk", "c2b"]
    ref: str  # CheckoutRequestID, or TransID for C2B
    msisdn: str
    amount_cents: int
    account_reference: str
    receipt: str
    at_us: int


def charges(state: State, now_us: int) -> list[Charge]:
    """Every charge up to ``now_us``, oldest first. A push that C2B reports too is one charge."""
    found = [
        Charge("stk", row.checkout_request_id, row.msisdn, row.amount * 100, row.account_reference,
               row.receipt, row.decided_us or 0)
        for row in state.prompts.values()
        if row.charged(now_us)
    ]
    found += [
        Charge("c2b", row.trans_id, row.msisdn, row.amount_cents, row.bill_ref, row.trans_id,
               row.completed_us)
        for row in state.c2b.values()
        if row.completed_us is not None and row.completed_us <= now_us and not row.from_push
    ]
    return sorted(found, key=lambda charge: charge.at_us)


def prompt_records(state: State, now_us: int) -> list[dict[str, object]]:
    """One object per accepted push, as ``GET /simulator/prompts`` answers it."""
    return [
        {
            "checkout_request_id": prompt.checkout_request_id,
            "merchant_request_id": prompt.merchant_request_id,
            "scenario": prompt.scenario,
            "msisdn": prompt.msisdn,
            "amount": prompt.amount,
            "shortcode": prompt.shortcode,
            "account_reference": prompt.account_reference,
            "callback_url": prompt.callback_url,
            "accepted_us": prompt.accepted_us,
            "decided_us": prompt.decided_us,
            "result_code": prompt.result_code,
            "receipt": prompt.receipt,
            "charged": prompt.charged(now_us),
            "callbacks": [asdict(row) for row in prompt.sendings],
        }
        for prompt in state.prompts.values()
    ]


def c2b_records(state: State) -> list[dict[str, object]]:
    """One object per C2B payment, as ``GET /simulator/prompts`` answers it."""
    return [
        {
            "trans_id": row.trans_id,
            "msisdn": row.msisdn,
            "amount": shillings(row.amount_cents),
            "shortcode": row.shortcode,
            "bill_ref": row.bill_ref,
            "charged": row.completed_us is not None,
            "cancelled": row.cancelled,
            "validation": _sending(row.validation),
            "confirmations": [asdict(sent) for sent in row.confirmations],
        }
        for row in state.c2b.values()
    ]


def left(state: State, now_us: int, kind: Kind) -> list[dict[str, object]]:
    """One object per ``reversal``, ``payout`` or ``b2b`` payment that was really made, oldest first.

    ``reverses`` is the receipt that a reversal undid; ``conversation`` the OriginatorConversationID, empty where
    somebody at the portal did it.
    """
    return [
        {
            "receipt": row.receipt,
            "reverses": row.linked,
            "amount": shillings(row.amount_cents),
            "shortcode": row.shortcode,
            "party": row.msisdn,
            "account": row.account,
            "remarks": row.note,
            "conversation": row.conversation,
            "at_us": row.at_us,
        }
        for row in every_movement(state, now_us)
        if row.kind == kind
    ]


def request_records(state: State) -> list[dict[str, object]]:
    """One object per request that an initiator API took, with its results and what the merchant answered to them."""
    return [
        {
            "api": row.api,
            "scenario": row.scenario,
            "conversation_id": row.conversation_id,
            "originator_conversation_id": row.originator_conversation_id,
            "asked": row.asked,
            "accepted_us": row.accepted_us,
            "receipt": row.receipt,
            "url": row.url,
            "results": [asdict(sent) for sent in row.sendings],
        }
        for row in state.asked.values()
    ]


def _sending(row: Sending | None) -> dict[str, object] | None:
    return asdict(row) if row is not None else None
