"""The projections as domain values: rows to values and back."""

import json
from collections.abc import Iterable
from dataclasses import astuple, replace

from mpesa_cli.ledger.engine.later_rows import Statement
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import AttemptState, AttemptView, Flag

ATTEMPT_COLUMNS = (
    "payment_id, number, channel, msisdn, amount_cents, created_us, withdrawn, state, flags, receipt, receipts, "
    "paid_cents, result_code, "
    "result_desc, source, checkout_request_id, merchant_request_id, requested_us, settled_us, paid_us, reversed_cents, "
    "refunds"
)
OPEN_ATTEMPT = "state IN ('created', 'sending', 'pending', 'unknown')"
"""``rules/state_values.py:is_open`` in SQL, word for word as the index of open attempts has it."""
PAYMENT_COLUMNS = (
    "payment_id, order_id, profile, shortcode, amount_cents, msisdn, account_reference, description, created_us"
)
PROJECTED_COLUMNS = (
    "status, receipt, paid_us, received_cents, reversed_cents, state, flags, result_code, result_desc, requested_us, "
    "attempt_count"
)


def attempt_from(row: tuple[object, ...]) -> Attempt:
    """An attempt from a row of ATTEMPT_COLUMNS."""
    (payment_id, number, channel, msisdn, amount, created, withdrawn, state, flags, receipt, receipts, paid_cents, code,
     desc, source, checkout, merchant, requested, settled, paid, reversed_cents, refunds) = row
    view = AttemptView(
        state=AttemptState(str(state)),
        flags=frozenset(Flag(f) for f in str(flags).split()),
        receipt=receipt,  # type: ignore[arg-type]
        receipts=frozenset(str(receipts).split()),
        paid_cents=int(paid_cents),  # type: ignore[call-overload]
        result_code=code,  # type: ignore[arg-type]
        result_desc=desc,  # type: ignore[arg-type]
        source=source,  # type: ignore[arg-type]
        checkout_request_id=checkout,  # type: ignore[arg-type]
        merchant_request_id=merchant,  # type: ignore[arg-type]
        requested_us=requested,  # type: ignore[arg-type]
        settled_us=settled,  # type: ignore[arg-type]
        paid_us=paid,  # type: ignore[arg-type]
        reversed_cents=int(reversed_cents),  # type: ignore[call-overload]
        refunds=_refunds(str(refunds)) if refunds else (),
    )
    return Attempt(
        ref=AttemptRef(str(payment_id), int(number)),  # type: ignore[call-overload]
        msisdn=str(msisdn),
        amount_cents=int(amount),  # type: ignore[call-overload]
        created_us=int(created),  # type: ignore[call-overload]
        withdrawn=bool(withdrawn),
        view=view,
        channel=str(channel),
    )


def _refunds(stored: str) -> tuple[Refund, ...]:
    told = [Refund(*row) for row in json.loads(stored)]
    return tuple(replace(each, state=RefundState(each.state)) for each in told)


def payment_from(row: tuple[object, ...], attempts: Iterable[Attempt], environment: str) -> Payment:
    """A payment from a row of PAYMENT_COLUMNS and its attempts, oldest first."""
    payment_id, order_id, profile, shortcode, amount, msisdn, reference, description, created = row
    return Payment(
        payment_id=str(payment_id),
        order_id=str(order_id),
        environment=environment,
        profile=str(profile),
        shortcode=str(shortcode),
        amount_cents=int(amount),  # type: ignore[call-overload]
        msisdn=str(msisdn),
        account_reference=str(reference),
        description=str(description),
        created_us=int(created),  # type: ignore[call-overload]
        attempts=tuple(attempts),
    )


def read_evidence(kind: object, at_us: object, facts: object, private: object) -> ev.Evidence:
    """One fact from its row of the journal, and what is kept apart of it."""
    kept = json.loads(str(private)) if private else {}
    return ev.from_record(ev.Record(str(kind), int(str(at_us)), json.loads(str(facts)), kept))


def view_row(ref: AttemptRef, view: AttemptView, *, withdrawn: bool) -> tuple[object, ...]:
    """The values of SAVE_VIEW that bring one row of ``attempts`` up to what the evidence says."""
    return (
        *ref, view.state.value, " ".join(sorted(view.flags)), view.receipt, " ".join(sorted(view.receipts)),
        view.paid_cents, view.result_code, view.result_desc, view.source, view.merchant_request_id,
        view.requested_us, view.settled_us, view.paid_us, view.reversed_cents, int(withdrawn),
        json.dumps([list(astuple(each)) for each in view.refunds]) if view.refunds else "", view.checkout_request_id,
    )


def payment_projection(payment: Payment) -> tuple[object, ...]:
    """The values of a row of ``payments`` in PROJECTED_COLUMNS, from its attempts."""
    telling = payment.telling.view
    return (
        payment.status.value, telling.receipt, telling.paid_us, payment.received_cents, payment.reversed_cents,
        telling.state.value,
        " ".join(sorted(telling.flags)), telling.result_code, telling.result_desc, telling.requested_us,
        len(payment.attempts),
    )


def _set(columns: str, first: int) -> str:
    named = enumerate(columns.split(", "), start=first)
    # Where no row has a number, PostgreSQL takes what is not there for a text.
    return ", ".join(
        f"{name} = CAST(new.column{number} AS INTEGER)" if _is_whole(name) else f"{name} = new.column{number}"
        for number, name in named
    )


def _is_whole(column: str) -> bool:
    return column.endswith(("_us", "_cents")) or column in {"withdrawn", "attempt_count"}


_VIEW_COLUMNS = (
    "state, flags, receipt, receipts, paid_cents, result_code, result_desc, source, merchant_request_id, requested_us, "
    "settled_us, paid_us, reversed_cents, withdrawn, refunds"
)
_OF_ATTEMPT = "FROM (VALUES {rows}) AS new WHERE payment_id = new.column1 AND number = new.column2"
SAVE_VIEW = Statement(f"UPDATE attempts SET {_set(_VIEW_COLUMNS + ', checkout_request_id', 3)} {_OF_ATTEMPT}", 18)
SAVE_VIEW_OF_SAME_PROMPT = Statement(f"UPDATE attempts SET {_set(_VIEW_COLUMNS, 3)} {_OF_ATTEMPT}", 18)
"""The same where the CheckoutRequestID stays: to write it again would cost its index a page."""
CLAIM = Statement(
    "INSERT INTO receipts (receipt, payment_id, attempt) VALUES {rows} ON CONFLICT (receipt) DO NOTHING", 3
)
MARK = Statement(
    "UPDATE callbacks SET verdict = new.column2 FROM (VALUES {rows}) AS new WHERE callback_id = new.column1", 2
)
SAVE_PAYMENT = Statement(
    f"UPDATE payments SET {_set(PROJECTED_COLUMNS, 2)} FROM (VALUES {{rows}}) AS new WHERE payment_id = new.column1", 12
)
