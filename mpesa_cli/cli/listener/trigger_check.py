"""``mpesa trigger --check``: a receiver of events, played everything that can go wrong between it and us."""

import contextlib
from typing import TYPE_CHECKING

from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Declined, ExitStatus, InvalidInput, MpesaError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.rules import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.listener.checking.judging import Checked
    from mpesa_cli.listener.checking.run import See
    from mpesa_cli.listener.checking.wire import Receiver

SAFER = (
    "A secret in an argument can be read by others on this machine while the command runs. Safer: leave --secret out "
    "and type it, or give it in the variable MPESA_CHECK_SECRET, or once: mpesa secrets set check-secret"
)


def trigger_check(runtime: Runtime, profile: str | None, address: str, secret: str | None) -> Result:
    """Every delivery's verdict: 0 where all are right, 7 where not. Raises Temporary where nothing answers."""
    from mpesa_cli.listener.checking.run import check, order_ids
    from mpesa_cli.listener.checking.wire import Receiver
    from mpesa_cli.listener.forwarding.webhook import signing_key
    from mpesa_cli.listener.trigger.send import check_url

    url = check_url(address, right="mpesa trigger --check http://localhost:3000/hook")
    key = signing_key(_secret(runtime, profile, secret), "check-secret")
    if secret is not None:
        runtime.streams.say(SAFER)
    orders = order_ids(runtime.world)
    with _to_the_end(url), contextlib.closing(Receiver(url, key, runtime.world)) as receiver:
        see = _seeing(runtime, receiver, orders)
        checked = []
        for each in check(receiver, orders, see):
            checked.append(each)
            runtime.streams.say(f"{len(checked)} of {len(orders)}: {each.delivery.name}")
    all_right = all(each.ok for each in checked)
    return Result(
        [each.document() for each in checked], list(_lines(checked)), told=_told(checked),
        status=ExitStatus.DONE if all_right else ExitStatus.DIFFERENCES,
    )


@contextlib.contextmanager
def _to_the_end(url: str) -> "Iterator[None]":
    try:
        yield
    except Declined:
        raise Declined(
            "The check was not answered to the end.",
            hint=f"No money is in this. Start again:  mpesa trigger --check {url}",
        ) from None


def _secret(runtime: Runtime, profile: str | None, typed: str | None) -> Secret:
    """The check's own secret: from the option, where secrets are kept, or typed now. Never the one of real events."""
    from mpesa_cli.settings.secret_sources import check_secret

    settings = runtime.profile(profile)
    store = runtime.secret_store(settings)
    if typed is not None:
        secret = check_secret(typed, "--secret")
    elif (found := store.get("check-secret")) is not None:
        secret = found.secret
    elif runtime.streams.may_prompt():
        from mpesa_cli.cli.consent.asking import ask_secret

        secret = check_secret(ask_secret(runtime.streams, "check-secret"), "check-secret")
    else:
        raise store.missing("check-secret")
    real = None
    if settings.environment == "production":
        with contextlib.suppress(MpesaError):  # a keyring that is locked keeps it, and need not be opened for this
            real = store.get("webhook-secret")
    if real is not None and real.secret == secret:
        raise InvalidInput(
            "That is the secret of real events: with it a check could mark real orders paid.",
            hint="Nothing was sent. Give the receiver a second secret, for checks: mpesa secrets set check-secret "
            "--generate",
            code="secret-of-real-events",
        )
    return secret


def _seeing(runtime: Runtime, receiver: "Receiver", orders: dict[str, str]) -> "See":
    """The receiver's own word where it gives one, else a person's. Raises Temporary where nothing answers."""
    from mpesa_cli.listener.checking.deliveries import DELIVERIES, NO_ORDER, State

    first = receiver.state(orders["right"])
    streams = runtime.streams
    if first not in (None, NO_ORDER) or streams.as_json or not streams.may_prompt():
        return receiver.state
    from mpesa_cli.cli.consent.asking import ask

    known = [orders[each.name] for each in DELIVERIES if each.is_known]
    streams.complain(
        "This receiver does not say where an order stands (GET URL?order=ID), so look yourself, or let it answer "
        f"first. Make these orders in your system, KES 150 each, unpaid:\n  {' '.join(known)}"
    )
    ask(streams, "Press Enter once they are there", None, str)
    missing = orders["unknown-order"]

    def asked(order_id: str) -> State | None:
        said = ask(
            streams, f"Order {order_id}{' (not one of those)' if order_id == missing else ''} in your system now: "
            "unpaid, paid, refunded, none or ?", None, _status,
        )
        if said in {"?", "none"}:
            return None if said == "?" else NO_ORDER
        if said == "unpaid":
            return State("unpaid", 0)
        times = int(ask(streams, "How many times was it marked paid?", "1", _number))
        return State("paid" if said == "paid" else "refunded", times)

    before = set(known)

    def see(order_id: str) -> State | None:
        if order_id in before:  # just made, and asked about once it was delivered to
            before.discard(order_id)
            return State("unpaid", 0)
        return asked(order_id)

    return see


def _status(answer: str) -> str:
    said = answer.strip().lower()
    if said not in {"unpaid", "paid", "refunded", "none", "?"}:
        raise RuleError("must be unpaid, paid, refunded, none or ? for what you can't see")
    return said


def _number(answer: str) -> str:
    if not (answer.isascii() and answer.isdecimal() and len(answer) <= 4):
        raise RuleError("must be a number")
    return answer


def _lines(checked: "list[Checked]") -> "Iterator[str]":
    width = max(len(each.delivery.name) for each in checked)
    for each in checked:
        yield f"{'ok    ' if each.ok else 'WRONG '} {each.delivery.name:<{width}}  {each.why}".rstrip()
    wrong = [each for each in checked if not each.ok]
    seen = [each for each in wrong if each.why != "not seen"]
    yield f"{len(checked) - len(wrong)} of {len(checked)} are right."
    if seen:
        yield "What a shop would have lost:"
        yield from (f"  {each.delivery.name}: {each.delivery.lost}" for each in seen)


def _told(checked: "list[Checked]") -> list[Note]:
    if any(each.why == "not seen" for each in checked):
        return [Note("Not seen is not right. Is that the receiver's address, has it the same secret, and does it "
                     "answer GET URL?order=ID (docs/develop/receivers.md)?")]
    return []
