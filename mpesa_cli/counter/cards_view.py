"""One customer's card in lines: the state as a word first, then what to say, then what may be done. Pure."""

import shlex
import textwrap
from collections.abc import Iterator

from mpesa_cli.board.cards import Card, Kind
from mpesa_cli.counter.words import Say
from mpesa_cli.rules.codes.lookup import no_prompt_meaning, stk_result
from mpesa_cli.rules.codes.titles_sw import title_in
from mpesa_cli.rules.codes.words import LOOK_AT_PHONE
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter, RetryNow
from mpesa_cli.rules.state import OVERDUE_AFTER_S, AttemptState
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.customer_words import customer_words
from mpesa_cli.terminal.payment_words import attempt_words

LINES_MAX = 4


def card_lines(card: Card, say: Say, width: int) -> list[str]:
    """The lines of a card, at most LINES_MAX, none wider than ``width``."""
    lines = [text for line in _lines(card, say) for text in textwrap.wrap(line, width, subsequent_indent="  ")]
    return ["", *lines[:1], ""] if card.kind is Kind.PAID else lines[:LINES_MAX]


def _lines(card: Card, say: Say) -> Iterator[str]:
    payment = card.payment
    word = say(card.kind.value)
    order = f"{say('order').lower()} {payment.order_id}"
    what = f"{_whose(payment)}  {order}"
    match card.kind:
        case Kind.WAITING:
            yield f"{word:<11} {say('seconds', seconds=card.waited_s):>6}  {what}"
            yield f"  {_waiting(card, say)}"
        case Kind.PAID:
            receipt = payment.telling.view.receipt
            proof = say("receipt", receipt=receipt) if receipt else say("receipt_later")
            yield f"*** {word} ***  {_whose(payment)}  {proof}  {order}"  # the order is what may be cut
        case Kind.NOT_PAID:
            yield f"{word:<11} {what}"
            yield from _not_paid(card, say)
        case Kind.UNKNOWN:
            yield f"{word:<11} {what}"
            yield f"  {say('do_not_ask', command=_status(payment))}"
            if words := customer_words(payment, _language(say)):
                yield f"  {say('tell', words=words)}"
        case Kind.LOOK:
            yield f"{word:<11} {what}"
            yield f"  {say('look_at', command=_status(payment))}"


def _whose(payment: Payment) -> str:
    return f"{mask_msisdn(payment.telling.msisdn)}  {format_cents(payment.amount_cents)}"


def _waiting(card: Card, say: Say) -> str:
    if card.payment.last.state is not AttemptState.PENDING:
        return say("sending")
    if card.waited_s > OVERDUE_AFTER_S:
        return say("overdue")
    return say("tell", words=LOOK_AT_PHONE.sw if _language(say) == "sw" else LOOK_AT_PHONE.en)


def _not_paid(card: Card, say: Say) -> Iterator[str]:
    payment, advice = card.payment, card.advice
    words = customer_words(payment, _language(say))
    reason = _reason(payment.last, _language(say))  # in a word or two, as a queue is waiting
    match advice:
        case RetryNow() | FixFirst(wait_s=0):
            what = say("again_now")
        case RetryAfter(wait_s=wait_s) | FixFirst(wait_s=wait_s) | CheckFirst(wait_s=wait_s):
            what = say("again_in", seconds=wait_s) if wait_s else say("again_now")
        case Refuse(next_command=command):
            what = say("again_never", command=command)
        case None:
            what = ""
    yield f"  {reason}{'. ' if reason else ''}{what}"
    if words:
        yield f"  {say('tell', words=words)}"


def _reason(attempt: Attempt, language: str) -> str:
    view = attempt.view
    if attempt.state is AttemptState.FAILED and view.source != "person":
        return title_in(stk_result(view.result_code or "").title, language)
    if attempt.state in {AttemptState.NOT_SENT, AttemptState.REJECTED} and view.result_code:
        return title_in(no_prompt_meaning(view.result_code, view.result_desc or "").title, language)
    return "" if language == "sw" else attempt_words(attempt, quoted=False).rstrip(".")


def _status(payment: Payment) -> str:
    return f"mpesa status {shlex.quote(payment.order_id)}"


def _language(say: Say) -> str:
    return "sw" if say("paid") == "IMELIPWA" else "en"
