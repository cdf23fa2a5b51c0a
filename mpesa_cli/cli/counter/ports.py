"""The counter's ties to the outside, made from a Runtime whose words no longer go to the terminal."""

import io
from typing import TYPE_CHECKING

from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.counter.ports import Ports, Verdict
    from mpesa_cli.settings.profile import Profile

SMS_TIMEOUT_S = 30


def silent(streams: Streams) -> Streams:
    """Streams that nobody reads: the window is the counter's, and no line of another part may land on it."""
    return Streams(io.StringIO(), _Sink(), _Sink(), streams.environ, quiet=True)


class _Sink(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)


def counter_ports(
    runtime: Runtime, profile: "Profile", by: str, printer: str | None,
    after_paid: "Callable[[], None]", listener: "Callable[[], tuple[str, bool]]",
) -> "Ports":
    """The ports of one counter. Raises SettingsError or SecretMissing where no prompt could be sent at all."""
    from mpesa_cli.cli.payments.ports import context_of_each_thread, push_context
    from mpesa_cli.counter.ports import Ports
    from mpesa_cli.listener.ports import callback_intake

    contexts = context_of_each_thread(lambda: push_context(runtime, profile))
    contexts()
    return Ports(
        profile=profile, ledger=runtime.ledger(profile), world=runtime.world, by=by, push_context=contexts,
        deliver=callback_intake(runtime, profile),
        check=lambda text, order: _check(runtime, profile, text, order),
        print_receipt=lambda order: _print(runtime, profile, order, printer),
        sms_receipt=lambda order: _sms(runtime, profile, order),
        after_paid=after_paid, listener=listener,
    )


def _check(runtime: Runtime, profile: "Profile", text: str, order: str | None) -> "Verdict":
    from mpesa_cli.cli.initiator.verify_one import Typed, check, remembered
    from mpesa_cli.counter.ports import Verdict
    from mpesa_cli.initiator.verify_words import lines, verdict_word

    checked = remembered(runtime, profile, check(runtime, profile, Typed(text, None, None, order, SMS_TIMEOUT_S)))
    word = verdict_word(checked.verdict, profile.language)
    return Verdict(checked.verdict.value, word, lines(checked, profile.language))


def _print(runtime: Runtime, profile: "Profile", order: str, printer: str | None) -> str:
    from mpesa_cli.cli.receipts.make import Wanted, make_receipt
    from mpesa_cli.counter.words import speaker

    say = speaker(profile.language)
    if printer is None:
        return say("no_printer")
    make_receipt(runtime, Wanted(order, "80", None, None, printer, None, profile.name), copy=False, force=False)
    return say("printed", order=order)


def _sms(runtime: Runtime, profile: "Profile", order: str) -> str:
    from mpesa_cli.cli.receipts.sms_sending import send_receipt_sms

    sent = send_receipt_sms(runtime, profile, order, None, None, copy=False)
    return " ".join(map(str, sent.lines))


def quiet_runtime(runtime: Runtime) -> None:
    """Have the runtime's words go nowhere from now on."""
    runtime.streams = silent(runtime.streams)
