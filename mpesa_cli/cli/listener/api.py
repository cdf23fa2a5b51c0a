"""``mpesa listen --api``: the HTTP API over the terminal's own ledger, Daraja client and operations."""

import dataclasses
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mpesa_cli.floor.rounds import Rounds
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mpesa_cli.rules.money_out.refund_rules import RefundAsking
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile

DELIVER_EVERY_S = 0.25
BALANCE_WAIT_S = 25  # callers and proxies give up after 30


class Api:
    """The app, and the work that goes on beside it."""

    def __init__(self, runtime: Runtime, profile: "Profile") -> None:
        """Raises SecretMissing or SettingsError where no method for tokens is set up; nothing is started yet."""
        from mpesa_cli.api.app import ApiApp
        from mpesa_cli.api.context import ApiContext
        from mpesa_cli.api.ports import token_checker
        from mpesa_cli.api.tokens.limits import RateLimit
        from mpesa_cli.cli.payments.ports import context_of_each_thread, push_context
        from mpesa_cli.listener.ports import callback_intake
        from mpesa_cli.receipts.receipt import Shop

        self._runtime = runtime
        self._profile = profile
        self._deliver = callback_intake(runtime, profile)
        self._delivers = profile.embedded
        self._deliveries = Rounds(self._deliver, self._complain, every_s=DELIVER_EVERY_S, name="mpesa-api-deliver")
        self.app: ApiApp = ApiApp(
            ApiContext(
                profile=profile,
                ledger=runtime.ledger(profile),
                push_context=context_of_each_thread(lambda: push_context(runtime, self._profile)),
                deliver=self._deliver,
                check_token=token_checker(runtime, profile),
                shop=Shop.of(profile),
                world=runtime.world,
                clock_s=runtime.world.steady_s,
                per_token=RateLimit(profile.api.rate_per_token),
                per_phone=RateLimit(profile.api.rate_per_phone),
                give_back=self._give_back,
                balance=self._balance,
            ),
            runtime.streams.complain,
        )

    def _give_back(self, payment: "Payment", receipt: str, asking: "RefundAsking") -> object:
        """One reversal, with a client of its own: a refund is rare, and its answer slow."""
        from mpesa_cli.cli.money_out.refund_one import out_context
        from mpesa_cli.initiator.refunds.asking import refund
        from mpesa_cli.initiator.refunds.ports import refund_terms

        context = out_context(self._runtime, self._profile)
        context = dataclasses.replace(context, hold=nullcontext)  # signals are the listener's, not a thread's
        return refund(context, refund_terms(self._profile), payment, receipt, asking)

    def _balance(self, anew: bool) -> "Mapping[str, Any] | None":
        """The document of the last balance; asked anew, the listener beside takes the result."""
        from mpesa_cli.cli.initiator.balance import balance_context
        from mpesa_cli.initiator.balance import ask_balance, last_balance
        from mpesa_cli.initiator.balance_document import balance_document

        profile = self._profile
        if anew:
            context = balance_context(self._runtime, profile)
            told = ask_balance(context, BALANCE_WAIT_S, lambda _left_s: None)
        else:
            found = last_balance(self._runtime.ledger(profile), profile.shortcode)
            if found is None:
                return None
            told = found
        return balance_document(told, profile.environment)

    def callbacks_come_to(self, base: str) -> None:
        """Have prompts name this address. Before the first call comes."""
        self._profile = dataclasses.replace(self._profile, callback_base_url=base)

    def start(self) -> None:
        """Begin to bring in callbacks of the simulator inside this process, where that is the profile's Daraja."""
        if self._delivers:
            self._deliveries.start()

    def nudge(self) -> None:
        """Something was settled: listeners look by themselves."""

    def stop(self) -> None:
        """Finish what has begun; prompts on their way get their answer stored."""
        self.app.stop()
        self._deliveries.stop()

    def _complain(self, error: Exception) -> None:
        self._runtime.streams.complain(f"The simulator's callbacks wait: {type(error).__name__}.")
