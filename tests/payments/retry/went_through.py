"""What a payment can have gone through before it is asked for again, and what the advice then allows. Not a test."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.asking_again import Asking, ByItself, ByPerson
from mpesa_cli.rules.payment import Intent, Payment
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.rules.retry_advice import CheckFirst, FixFirst, Refuse, RetryNow, advise
from mpesa_cli.rules.state import PaymentStatus

SECOND_US = 1_000_000
Fact = Callable[[int], ev.Evidence]

SAYS: dict[str, Fact] = {
    "sending": lambda at: ev.Sending(at, 1),
    "accepted": lambda at: ev.Accepted(at, 1, "M", f"ws_CO_{at}"),
    "not delivered": lambda at: ev.Undelivered(at, 1, "dns", ""),
    "refused": lambda at: ev.Refused(at, 1, "400.002.02", "Invalid Amount"),
    "no answer": lambda at: ev.Ambiguous(at, 1, "read-timeout", ""),
    "paid": lambda at: ev.Received(at, "callback", f"R{at}", 7000),
    "paid too little": lambda at: ev.Received(at, "callback", f"R{at}", 100),
    "query no": lambda at: ev.QueryAnswered(at, "1037", ""),
    "query yes": lambda at: ev.QueryAnswered(at, "0", ""),
    "withdrawn": lambda at: ev.Withdrawn(at, "stopped"),
    "a person said failed": lambda at: ev.Decided(at, "failed", "asha", "checked"),
    **{code: lambda at, code=code: ev.CallbackFailed(at, code, "") for code in ("1037", "1001", "1032", "1", "2028")},
}
_PROMPTED = ("sending", "accepted")
STORIES: tuple[tuple[str, ...], ...] = (
    (), ("withdrawn",), ("sending", "not delivered"), ("sending", "refused"), ("sending", "no answer"), ("sending",),
    _PROMPTED, (*_PROMPTED, "paid"), (*_PROMPTED, "paid too little"), (*_PROMPTED, "query no"),
    (*_PROMPTED, "query yes"),
    (*_PROMPTED, "1037"), (*_PROMPTED, "1001"), (*_PROMPTED, "1032"), (*_PROMPTED, "1"), (*_PROMPTED, "2028"),
    (*_PROMPTED, "1037", "paid"), ("sending", "no answer", "a person said failed"),
)


def tell(ledger: Ledger, name: str, msisdn: str, began_us: int, story: list[tuple[str, int]]) -> Payment:
    """A payment of order ``name`` that went through the story: facts, each so many seconds after it began."""
    hashed = hashlib.sha256(name.encode()).hexdigest()
    intent = Intent(f"PAY-{name}", name, "simulator", "174379", 7000, msisdn, name, "Payment", hashed)
    with ledger.write() as tx:
        payment = tx.open_payment(Start(intent), began_us)
        for fact, seconds in story:
            payment = tx.append(payment.last.ref, SAYS[fact](began_us + seconds * SECOND_US))
    return payment


def as_before(payment: Payment, attempts: int) -> Payment:
    """The payment without the attempts that were made since."""
    return replace(payment, attempts=payment.attempts[:attempts])


def may_open(payment: Payment, asking: Asking, now_us: int, msisdn: str) -> bool:
    """What the advice and whoever asks allow, said apart from the program."""
    forced = isinstance(asking, ByPerson) and asking.forced_because != ""
    match advise(payment, now_us, msisdn):
        case RetryNow(_, automatic):
            return automatic or not isinstance(asking, ByItself)
        case FixFirst(wait_s=0):
            return not isinstance(asking, ByItself)
        case CheckFirst():
            return forced
        case Refuse():
            return forced and payment.status in {PaymentStatus.PENDING, PaymentStatus.UNKNOWN}
        case _:
            return False
