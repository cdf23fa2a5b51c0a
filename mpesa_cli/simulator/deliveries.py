"""POSTs to the merchant: those that are due, and their fate. None is ever sent again."""

from collections.abc import Iterator
from typing import Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.apis import c2b
from mpesa_cli.simulator.apis.c2b_body import c2b_request
from mpesa_cli.simulator.apis.callback_body import stk_callback
from mpesa_cli.simulator.apis.initiator_apis import posted_body
from mpesa_cli.simulator.state import SECOND_US, C2BPayment, Sending, State
from mpesa_cli.simulator.wire import json_bytes

CALLBACK_LIMIT_S = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to the merchant. ``ref`` is a CheckoutRequestID, TransID or ConversationID, ``index`` counts repeats."""

    kind: Literal["stk", "validation", "confirmation", "result"]
    ref: str
    index: int
    url: str
    due_us: int
    body: bytes
    result_code: str = ""

    @property
    def limit_s(self) -> int:
        """The seconds that the merchant may take to answer."""
        return c2b.VALIDATION_LIMIT_S if self.kind == "validation" else CALLBACK_LIMIT_S


def due(state: State, now_us: int) -> list[Delivery]:
    """The POSTs that must leave by now, oldest first. Validations that ran out of time are decided before."""
    for payment in _unsettled(state):
        asked_us = _asked_us(payment)
        if asked_us is not None and now_us >= asked_us + c2b.VALIDATION_LIMIT_S * SECOND_US:
            c2b.decide_without_answer(state, payment, asked_us + c2b.VALIDATION_LIMIT_S * SECOND_US)
            _settle(state, payment)
    ready = [*_stk_due(state, now_us), *_c2b_due(state, now_us), *_results_due(state, now_us)]
    return sorted(ready, key=lambda delivery: (delivery.due_us, delivery.ref, delivery.index))


def delivered(state: State, delivery: Delivery, now_us: int, status: int | None = None) -> None:
    """Note that a POST left at ``now_us``; called again with its HTTP status (0: no answer) once known."""
    sending = _sending(state, delivery)
    if sending is None:
        return
    if sending.sent_us is None:
        sending.sent_us = now_us
    if status is not None:
        sending.status = status
    if delivery.kind == "stk":
        prompt = state.prompts[delivery.ref]
        if all(row.sent_us is not None for row in prompt.sendings):
            state.unsent.discard(delivery.ref)
    elif delivery.kind != "result":
        _settle(state, state.c2b[delivery.ref])


def answered(state: State, delivery: Delivery, status: int | None, body: bytes, now_us: int) -> None:
    """Take the merchant's answer to a validation request; ``status`` None or 0: there was none."""
    payment = state.c2b.get(delivery.ref)
    if delivery.kind != "validation" or payment is None:
        return
    delivered(state, delivery, now_us)
    c2b.take_answer(state, payment, status, body, now_us)
    _settle(state, payment)


def next_due_us(state: State) -> int | None:
    """The time of the next POST, or of the end of a validation's time limit; None where neither is due."""
    times = [row.due_us for ref in state.unsent for row in state.prompts[ref].sendings if row.sent_us is None]
    for payment in _unsettled(state):
        asked_us = _asked_us(payment)
        if asked_us is not None:
            times.append(asked_us + c2b.VALIDATION_LIMIT_S * SECOND_US)
        rows = [*([payment.validation] if payment.validation else []), *payment.confirmations]
        times.extend(row.due_us for row in rows if row.sent_us is None)
    results = (sending for row in state.asked.values() for sending in row.sendings)
    times += [sending.due_us for sending in results if sending.sent_us is None]
    return min(times, default=None)


def _stk_due(state: State, now_us: int) -> Iterator[Delivery]:
    for ref in state.unsent:
        prompt = state.prompts[ref]
        for index, row in enumerate(prompt.sendings):
            if row.sent_us is None and row.due_us <= now_us:
                body = json_bytes(stk_callback(prompt))
                yield Delivery("stk", ref, index, prompt.callback_url, row.due_us, body, prompt.result_code)


def _c2b_due(state: State, now_us: int) -> Iterator[Delivery]:
    for payment in _unsettled(state):
        if payment.registration is None:
            continue
        ask = payment.validation
        if ask is not None and ask.sent_us is None and ask.due_us <= now_us:
            body = json_bytes(c2b_request(payment, confirmation=False))
            url = payment.registration.validation_url
            yield Delivery("validation", payment.trans_id, 0, url, ask.due_us, body)
        for index, row in enumerate(payment.confirmations):
            if row.sent_us is None and row.due_us <= now_us:
                body = json_bytes(c2b_request(payment, confirmation=True))
                url = payment.registration.confirmation_url
                yield Delivery("confirmation", payment.trans_id, index, url, row.due_us, body)


def _results_due(state: State, now_us: int) -> Iterator[Delivery]:
    for ref, row in state.asked.items():
        for index, sending in enumerate(row.sendings):
            if sending.sent_us is None and sending.due_us <= now_us:
                body = posted_body(state, row, index, now_us)
                yield Delivery("result", ref, index, row.url, sending.due_us, body)


def _unsettled(state: State) -> list[C2BPayment]:
    return [state.c2b[ref] for ref in sorted(state.unsettled_c2b)]


def _settle(state: State, payment: C2BPayment) -> None:
    if payment.ended:
        state.unsettled_c2b.discard(payment.trans_id)


def _asked_us(payment: C2BPayment) -> int | None:
    """The time validation was asked, while its answer is still out."""
    if payment.validation is None or payment.completed_us is not None or payment.cancelled:
        return None
    return payment.validation.sent_us


def _sending(state: State, delivery: Delivery) -> Sending | None:
    if delivery.kind == "stk":
        prompt = state.prompts.get(delivery.ref)
        return prompt.sendings[delivery.index] if prompt is not None else None
    if delivery.kind == "result":
        asked = state.asked.get(delivery.ref)
        return asked.sendings[delivery.index] if asked is not None else None
    payment = state.c2b.get(delivery.ref)
    if payment is None:
        return None
    return payment.validation if delivery.kind == "validation" else payment.confirmations[delivery.index]
