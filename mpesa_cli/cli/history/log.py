"""``mpesa log``: the story of one payment, from the journal and the raw callbacks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import REF_OR_PHONE, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.payments.status import find
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.history.related_records import RelatedRecords
    from mpesa_cli.ledger.values import JournalEntry, RawCallback
    from mpesa_cli.rules.payment import Payment


def log(
    ctx: typer.Context,
    ref: Annotated[str, REF_OR_PHONE],
    raw: Annotated[bool, typer.Option("--raw", help="Show the callbacks' bodies too, as they came.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Tell the story of one payment: everything that became known of it, in the order of time.

    \b
    Examples:
      mpesa log 1042
      mpesa log UKO4Q7WX2B --raw
      mpesa log 1042 --json

    Besides the journal: raw callbacks and what became of them, text messages and events that were sent or wait, rows
    of statements, and a payment that turned out to be the same. Bodies that could not be read are for a person to
    look at. Times are East Africa Time.
    """
    from mpesa_cli.history.story_store import Story
    from mpesa_cli.ledger.bodies import Bodies

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    runtime.streams.ends_with_reader = True
    settings = runtime.profile(profile)
    from mpesa_cli.cli.payments.phone_ref import latest_of, phone_meant
    from mpesa_cli.history.related_records import RelatedRecords

    ledger = runtime.ledger(settings)
    merged_into = Story(ledger).merged_into(ref)
    msisdn = None if merged_into else phone_meant(runtime, settings, ref)
    payment = latest_of(runtime, settings, msisdn) if msisdn else find(runtime, settings, merged_into or ref)
    if merged_into:
        runtime.streams.say(f"{ref} turned out to be the same money as {merged_into}: this is its story.")
    entries, bodies = ledger.journal(payment.payment_id), Bodies(ledger).callbacks(payment.payment_id)
    for other in Story(ledger).merged_from(payment.payment_id):
        entries += ledger.journal(other)
    related = RelatedRecords.of(ledger, payment)
    from mpesa_cli.terminal.payment_words import headline

    story = _story(payment, entries, bodies, related, raw=raw)
    is_table = runtime.streams.is_terminal(runtime.streams.stdout) and not raw  # a body is copied whole
    return Result(
        {**_document(payment, entries, bodies, raw=raw), **related.document(raw=raw)},
        _table(story) if is_table else [f"{rfc3339(at_us)}\t{what}\t{said}" for at_us, what, said in story],
        [Note(headline(payment))],
    )


def _table(story: "list[tuple[int, str, str]]") -> Table:
    return Table(["when", "what", "said"], [_cells(*each) for each in story])


def _cells(at_us: int, what: str, said: str) -> list[str]:
    when = (rfc3339(at_us) or "")[:19].replace("T", " ")
    if what.startswith("callback "):  # its id would take the room of the words
        what, _, name = what.partition(" ")
        said = f"{said} ({name})"
    return [when, what, said]


def _story(
    payment: "Payment", entries: "list[JournalEntry]", bodies: "list[RawCallback]", related: "RelatedRecords", *,
    raw: bool,
) -> "list[tuple[int, str, str]]":
    lines = []
    for entry in entries:
        attempt = f"attempt {entry.attempt}" if entry.attempt else "payment"
        whose = attempt if entry.payment_id == payment.payment_id else f"{entry.payment_id} {attempt}"
        lines.append((entry.at_us, whose, words(entry)))
    for body in bodies:
        text = body.body.decode("utf-8", "replace") if raw else f"{len(body.body)} bytes"
        lines.append((body.received_us, f"callback {body.callback_id}", f"{body.verdict or 'not read yet'}: {text}"))
    lines += related.lines(raw=raw)
    return sorted(lines, key=lambda line: line[0])  # stable: the journal keeps its own order


def words(entry: "JournalEntry") -> str:
    """One journal entry in a sentence."""
    from mpesa_cli.history.story import sentence
    from mpesa_cli.rules.evidence import KINDS, Record, from_record
    from mpesa_cli.rules.values.amount import format_cents

    facts = entry.facts
    if entry.kind == "payment_created":
        return f"Order {facts['order_id']} for {format_cents(int(str(facts['amount_cents'])))} was recorded."
    if entry.kind == "attempt_created":
        reason = facts.get("forced_because")
        return f"The intent to ask was recorded, forced: {reason}" if reason else "The intent was recorded."
    if entry.kind == "payment_merged":
        return f"The same money is attempt {facts['into_attempt']} of {facts['into_payment']}."
    if entry.kind == "receipt_attached":
        return f"{facts['by']} attached receipt {facts['receipt']} to attempt {facts['attempt']}: {facts['reason']}"
    if entry.kind == "rules_changed":
        return f"This version decides by newer rules: it was {facts['was']}, and is {facts['is']}."
    if entry.kind == "not_paid_since_backup":
        return f"{facts['by']} said that it was not paid in the time that the restored ledger lacks: {facts['reason']}"
    if entry.kind == "acknowledged":
        return f"{facts['by']} acknowledged it at the counter."
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
