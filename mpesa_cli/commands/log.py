"""``mpesa log``: the story of one payment, from the journal and the raw callbacks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.commands.options import REF, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.commands.status import find
from mpesa_cli.domain.moments import rfc3339
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.domain.payment import Payment
    from mpesa_cli.ledger.ledger import JournalEntry, RawCallback


def log(
    ctx: typer.Context,
    ref: Annotated[str, REF],
    raw: Annotated[bool, typer.Option("--raw", help="Show the callbacks' bodies too, as they came.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Tell the story of one payment: every fact, in the order in which it became known.

    \b
    Examples:
      mpesa log 1042
      mpesa log UKO4Q7WX2B --raw
      mpesa log 1042 --json

    Bodies that could not be read are kept and listed: they are for a person to look at.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    payment = find(runtime, settings, ref)
    ledger = runtime.ledger(settings)
    entries, bodies = ledger.journal(payment.payment_id), ledger.callbacks(payment.payment_id)
    if json_:
        print_json(runtime.streams, _document(payment, entries, bodies, raw=raw))
        return
    _print(runtime, payment, entries, bodies, raw=raw)


def _print(
    runtime: Runtime, payment: "Payment", entries: "list[JournalEntry]", bodies: "list[RawCallback]", *, raw: bool
) -> None:
    from mpesa_cli.terminal.payment_words import headline

    for entry in entries:
        attempt = f"attempt {entry.attempt}" if entry.attempt else "payment"
        runtime.streams.out(f"{rfc3339(entry.at_us)}\t{attempt}\t{words(entry)}")
    for body in bodies:
        if raw or body.verdict.startswith("unreadable"):
            text = body.body.decode("utf-8", "replace") if raw else f"{len(body.body)} bytes"
            verdict = body.verdict or "not read yet"
            runtime.streams.out(f"{rfc3339(body.received_us)}\tcallback {body.callback_id}\t{verdict}: {text}")
    runtime.streams.say(headline(payment))


def words(entry: "JournalEntry") -> str:
    """One journal entry in a sentence."""
    from mpesa_cli.domain.amount import format_cents
    from mpesa_cli.domain.evidence import KINDS, Record, from_record
    from mpesa_cli.terminal.story import sentence

    facts = entry.facts
    if entry.kind == "payment_created":
        return f"Order {facts['order_id']} for {format_cents(int(str(facts['amount_cents'])))} was recorded."
    if entry.kind == "attempt_created":
        reason = facts.get("forced_because")
        return f"The intent to ask was recorded, forced: {reason}" if reason else "The intent was recorded."
    if entry.kind == "payment_merged":
        return f"The same money is attempt {facts['into_attempt']} of {facts['into_payment']}."
    if entry.kind in KINDS:
        return sentence(from_record(Record(entry.kind, entry.at_us, entry.facts, {})))
    return entry.kind


def _document(
    payment: "Payment", entries: "list[JournalEntry]", bodies: "list[RawCallback]", *, raw: bool
) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "environment": payment.environment,
        "status": payment.status.value,
        "journal": [
            {
                "seq": e.seq,
                "at": rfc3339(e.at_us),
                "attempt": e.attempt,
                "kind": e.kind,
                "words": words(e),
                "facts": e.facts,
                "hash": e.hash,
            }
            for e in entries
        ],
        "callbacks": [
            {
                "callback_id": b.callback_id,
                "attempt": b.attempt.number,
                "received_at": rfc3339(b.received_us),
                "peer": b.peer,
                "verdict": b.verdict,
                **({"body": b.body.decode("utf-8", "replace")} if raw else {}),
            }
            for b in bodies
        ],
    }
