"""The listener's ties to the outside, made from a Runtime. A command without a listener takes callbacks in too."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpesa_cli.listener.intake.deliveries import C2bContext
    from mpesa_cli.listener.intake.spool import Spool
    from mpesa_cli.rules.payment import Attempt, Payment
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def c2b_context(runtime: "Runtime", profile: "Profile", beside: "Sequence[Profile]" = ()) -> "C2bContext":
    """The rules by which payments that customers make by hand are taken; ``beside`` are the profiles of other tills."""
    from dataclasses import replace

    from mpesa_cli.listener.intake.deliveries import C2bContext
    from mpesa_cli.payments.c2b import Shop

    others = {code: each.name for each in beside for code in each.takes_money_on}
    shop = replace(Shop.of(profile, lambda: runtime.world.new_id("PAY-")), others=others)
    return C2bContext(shop, profile.c2b_validation, profile.limits, takes_accounts=profile.kind == "paybill")


def spool_of(profile: "Profile") -> "Spool | None":
    """The place for bodies while the ledger's database is away; None for a file, which never is."""
    if profile.database is None:
        return None
    from mpesa_cli.listener.intake.spool import Spool

    return Spool(profile.ledger.with_name(f"{profile.ledger.name}.spool"))


def daraja_query(runtime: "Runtime", profile: "Profile") -> "Callable[[Payment, Attempt], object]":
    """A question to Daraja about one attempt of ours, when somebody without a secret says that it changed."""
    from mpesa_cli.payments.ask import ask

    # The client is made when it is needed: a listener alone must start without the consumer secret.
    return lambda payment, attempt: ask(
        runtime.ledger(profile), runtime.daraja(profile), payment, attempt, runtime.world
    )


def callback_intake(runtime: "Runtime", profile: "Profile") -> Callable[[], object]:
    """A function that brings in the callbacks that are due: the embedded simulator's, otherwise none.

    Elsewhere callbacks come over the network to ``mpesa listen``.
    """
    if not profile.embedded:
        return lambda: 0
    from mpesa_cli.listener.intake.intake import Intake
    from mpesa_cli.listener.server.routes import address_of
    from mpesa_cli.settings.profile import EMBEDDED_CALLBACK_BASE

    intake = Intake(runtime.ledger(profile), runtime.world, lambda _: None, c2b=c2b_context(runtime, profile))
    embedded = runtime.simulator(profile)

    def receive(url: str, body: bytes) -> tuple[int, bytes]:
        addressed = address_of(url.removeprefix(EMBEDDED_CALLBACK_BASE))
        if addressed is None:
            return 404, b""
        verdict = intake.receive([addressed(body, "simulator")])[0]
        intake.settling.settle()
        return verdict.status, verdict.body

    embedded.receive = receive  # for the number whose callback comes before the push's own answer
    return lambda: embedded.deliver_due(receive)
