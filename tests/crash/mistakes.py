"""Classic mistakes, made on purpose in a child process, to see that the proofs notice them. Not a test."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.listener.intake.deliveries import ACCEPTED, Delivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.payments import push as push_operation
from mpesa_cli.payments import sending
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.push_rules import Start

PATIENCE_S = 200.0  # how long the impatient one waits before it sends again
STORED_LATER_S = 30.0


def make(name: str) -> None:
    """Change the program in this process. The empty name changes nothing."""
    {
        "": lambda: None,
        "resend-on-timeout": _resend_on_timeout,
        "intent-after-sending": _intent_after_sending,
        "answer-before-commit": _answer_before_commit,
    }[name]()


def _resend_on_timeout() -> None:
    """No answer came, so send it again: the mistake that charges twice."""
    original = DarajaClient.push

    def push(self: DarajaClient, request: Any, by: Any = None) -> answers.PushAnswer:
        answer = original(self, request, by)
        if isinstance(answer, answers.Ambiguous):
            self._sign_in._world.sleep(PATIENCE_S)
            answer = original(self, request)  # or the gate would refuse it as late
        return answer

    DarajaClient.push = push  # type: ignore[method-assign]


def _intent_after_sending() -> None:
    """Send first and write it down afterwards: the mistake that forgets a prompt."""

    def push(context: sending.PushContext, order: push_operation.Order) -> sending.Pushed:
        token = context.world.token_hex(16)
        intent = push_operation.intent_of(order, payment_id=context.world.new_id("PAY-"), token=token)
        running = push_operation._running(context, intent)
        if running is not None:
            return sending.Pushed(running, picked_up=True)
        unwritten = _payment_of(context, intent)
        answer = context.daraja.push(context.request_for(unwritten, order.msisdn, token))
        attempt = push_operation._record_intent(context, intent)
        with context.ledger.write() as tx:
            tx.append(attempt.ref, ev.Sending(context.world.now_us(), 1))
        payment = sending._record_answer(context, attempt.ref, 1, answer)
        return sending.Pushed(payment, picked_up=False)

    push_operation.push = push


def _payment_of(context: sending.PushContext, intent: Any) -> Any:
    """The payment as it would be in the ledger: made, looked at, and thrown away."""

    with contextlib.suppress(ZeroDivisionError), context.ledger.write() as tx:
        payment = tx.open_payment(Start(intent), context.world.now_us())
        1 / 0  # noqa: B018 - whatever rises here rolls back
    return payment


def _answer_before_commit() -> None:
    """Say 200 and store it in a moment: the mistake that loses what was acknowledged."""
    receive = Intake.receive

    def later(self: Intake, batch: Sequence[Delivery]) -> list[Verdict]:
        known = [bool(self._ledger.attempts_by_tokens([getattr(each, "token_hash", "")])) for each in batch]
        if not all(known):
            return receive(self, batch)
        threading.Timer(STORED_LATER_S, receive, (self, batch)).start()
        return [ACCEPTED] * len(batch)

    Intake.receive = later  # type: ignore[method-assign]
