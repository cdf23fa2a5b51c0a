"""The parts of a listener that each of its profiles has for itself: its ledger's, and the threads beside it."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput, LedgerBusy, LedgerUnusable
from mpesa_cli.floor.secret import Secret
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.cli.listener.screen import Screen
    from mpesa_cli.floor.rounds import Rounds
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.listener.forwarding.forward import Forwarder
    from mpesa_cli.listener.server.options import Parts
    from mpesa_cli.settings.profile import Profile

FILES_OF_A_LEDGER = 32
"""How many files one more profile may have open: its ledger's connections, logs and locks."""


def check_one_port(runtime: Runtime, profiles: Sequence["Profile"], given: Sequence[str]) -> None:
    """Refuse what several profiles can't share on one port, before it is opened; ``given`` are options of one profile.

    Opens their ledgers, since what is wrong with one must be said before as well; a database that is away is only
    told, since what comes for it is kept meanwhile. Raises MpesaError.
    """
    if len(profiles) > 1 and given:
        raise InvalidInput(
            f"{' and '.join(given)} {'serves' if len(given) == 1 else 'serve'} one profile, and several are given.",
            hint="Nothing was started. Give it a listener of its own, on another port: "
            f"mpesa listen -P {profiles[0].name} {given[0]} --port 8320",
            code="usage",
        )
    for one, other in combinations(profiles, 2):
        for key in ("tunnel", "callback_ips"):
            if one.value_of(key) != other.value_of(key):
                raise _not_apart(
                    f"{key} is {one.value_of(key)} in profile {one.name} and {other.value_of(key)} in {other.name}, "
                    "and one port can have one of them alone.", "Make them the same",
                )
    ledgers = [_reached(runtime, each) for each in profiles]
    if len(profiles) == 1:
        return
    first: dict[str, str] = {}
    for each, ledger in zip(profiles, ledgers, strict=True):
        if ledger is not None and (copy_of := first.setdefault(ledger.ledger_id, each.name)) != each.name:
            raise _not_apart(
                f"The ledger of profile {each.name} is a copy of {copy_of}'s, and knows its addresses.",
                "Each till needs a ledger of its own",
            )


def _reached(runtime: Runtime, profile: "Profile") -> "Ledger | None":
    try:
        return runtime.ledger(profile)
    except LedgerBusy as away:
        if profile.database is None:
            raise
        runtime.streams.complain(
            f"{away.message} What comes for profile {profile.name} is kept on this machine until it is there."
        )
        return None


class AwaitedLedger:
    """An opener of a ledger that may be away for a while.

    What is wrong with it once it is there is told, and what comes for it is kept: it stops no till beside it, and one
    that nobody listens for is lost, since Daraja does not send again.
    """

    def __init__(self, runtime: Runtime, profile: "Profile") -> None:
        """Nothing is opened yet."""
        self._runtime, self._profile = runtime, profile
        self._was_away = self._is_told = False

    def __call__(self) -> "Ledger":
        """The ledger. Raises LedgerBusy while it is away or, after that, wrong; LedgerUnusable where it is at once."""
        try:
            return self._runtime.new_ledger(self._profile)
        except LedgerBusy:
            self._was_away = True
            raise
        except LedgerUnusable as wrong:
            if not self._was_away:
                raise
            if not self._is_told:
                self._is_told = True
                kept = f"What comes for profile {self._profile.name} is kept on this machine until that is mended."
                self._runtime.streams.complain(f"{wrong.message} {kept}\n{wrong.hint or ''}".rstrip())
            raise LedgerBusy(wrong.message, hint=wrong.hint) from wrong


def _not_apart(words: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        words, hint=f"Nothing was started. {remedy}. See what they are:  mpesa config show", code="profiles-not-apart"
    )


def parts_of(
    runtime: Runtime, profile: "Profile", screen: "Screen", sms_token: str, beside: Sequence["Profile"]
) -> "Parts":
    """The parts of one profile; ``beside`` are the others on the same port."""
    from mpesa_cli.floor.wire.addresses import secret_hash
    from mpesa_cli.initiator.listener_alive import note_alive
    from mpesa_cli.listener.ports import c2b_context, daraja_query, spool_of
    from mpesa_cli.listener.server.options import Parts

    return Parts(
        open_ledger=AwaitedLedger(runtime, profile),
        world=runtime.world,
        on_event=screen.show,
        c2b=c2b_context(runtime, profile, beside),
        ask=daraja_query(runtime, profile),
        sms_secret_hash=secret_hash(sms_token) if sms_token else "",
        note_alive=lambda: note_alive(profile.ledger, runtime.world.now_us()),
        on_tick=screen.tell,
        spool=spool_of(profile),
        profile=profile.name if beside else "",
    )


def workers_of(
    runtime: Runtime, profile: "Profile", parts: "Parts", forward_to: str | None, secret: Secret | None
) -> "tuple[list[Rounds | Forwarder], Rounds | None]":
    """The threads that are nudged when something was settled, and the one that is due by the clock alone."""
    from mpesa_cli.listener.forwarding.courier import courier
    from mpesa_cli.sms.ports import send_waiting_sms

    workers: list[Rounds | Forwarder] = [
        courier(lambda: send_waiting_sms(runtime, profile), runtime.streams.complain)
    ]
    if forward_to is not None and secret is not None:
        workers.append(_forwarder(runtime, profile, forward_to, secret, parts))
    return workers, unpaid_teller(runtime, profile)


def unpaid_teller(runtime: Runtime, profile: "Profile") -> "Rounds | None":
    """The thread that tells the shop's own system of orders that nobody paid; None where it wants to hear of none."""
    from mpesa_cli.listener.forwarding.courier import courier
    from mpesa_cli.payments.unpaid import tell_unpaid

    if profile.unpaid_after_minutes is None:
        return None
    return courier(
        lambda: tell_unpaid(runtime.ledger(profile), profile, runtime.world), runtime.streams.complain,
        what="Events of unpaid orders",
    )


def _forwarder(runtime: Runtime, profile: "Profile", url: str, secret: Secret, parts: "Parts") -> "Forwarder":
    from mpesa_cli.listener.forwarding.forward import Forwarder
    from mpesa_cli.listener.forwarding.outbox import LedgerOutbox
    from mpesa_cli.listener.forwarding.webhook import check_target, signing_key

    return Forwarder(
        LedgerOutbox(lambda: runtime.new_ledger(profile)), check_target(url), signing_key(secret), world=runtime.world,
        on_event=parts.tell,
    )


def signing_secrets(runtime: Runtime, profiles: Sequence["Profile"]) -> list[Secret]:
    """The signing secret of each; outside production one is made for this run where none is kept."""
    from mpesa_cli.listener.forwarding.webhook import new_secret

    secrets: list[Secret] = []
    made: Secret | None = None
    for profile in profiles:
        store = runtime.secret_store(profile)
        if profile.environment == "production":
            secrets.append(store.require("webhook-secret"))
            continue
        found = store.get("webhook-secret")
        if found is None and made is None:
            made = new_secret(bytes.fromhex(runtime.world.token_hex(32)))
            runtime.streams.say(f"Signing secret of this run: {made.reveal()}")
            runtime.streams.say("Keep one of your own for good: mpesa secrets set webhook-secret")
        secrets.append(found.secret if found is not None else made)  # type: ignore[arg-type]
    return secrets
