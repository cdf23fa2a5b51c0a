"""Printing what a run of ``reconcile`` found, in each format. Silent where nothing needs anybody."""

from typing import TYPE_CHECKING, Any

from mpesa_cli.domain.amount import cents_to_json, format_cents
from mpesa_cli.domain.amount_words import counted
from mpesa_cli.domain.moments import day_and_time, rfc3339
from mpesa_cli.terminal.break_words import break_document, break_lines
from mpesa_cli.terminal.json_words import BREAK_FIELDS
from mpesa_cli.terminal.render import print_json, print_json_line

if TYPE_CHECKING:
    from mpesa_cli.commands.reconciling import Asked
    from mpesa_cli.operations.books import Balanced
    from mpesa_cli.operations.close_day import Closed
    from mpesa_cli.operations.reconcile import Reconciled
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.terminal.streams import Streams

HELD_SHOWN_MAX = 20


def print_run(
    runtime: "Runtime", settings: "Profile", asked: "Asked", done: "Reconciled", balanced: "Balanced",
    closed: "Closed | None",
) -> None:  # fmt: skip
    """Print it on stdout in the format that was asked for; words about it on stderr."""
    now_us = runtime.now_us()
    match asked.format:
        case "json":
            print_json(runtime.streams, _document(settings, done, balanced, closed, now_us))
        case "ndjson":
            for each in balanced.breaks:
                print_json_line(runtime.streams, {"type": "break", **break_document(each, now_us)})
            print_json_line(runtime.streams, {"type": "summary", **_summary(settings, done, balanced, closed)})
        case "csv":
            from mpesa_cli.terminal.csv_rows import csv_text

            rows = [[_cell(v) for v in break_document(each, now_us).values()] for each in balanced.breaks]
            runtime.streams.out(csv_text([list(BREAK_FIELDS), *rows]).removesuffix("\r\n"))
        case _:
            _print_for_people(runtime.streams, done, balanced, closed, now_us)


def _cell(value: Any) -> str | int | float | None:
    return str(value).lower() if isinstance(value, bool) else value


def _document(
    settings: "Profile", done: "Reconciled", balanced: "Balanced", closed: "Closed | None", now_us: int
) -> dict[str, Any]:
    from mpesa_cli.domain.payment_document import payment_document

    settled = {p.payment_id: p for p in balanced.payments}
    payments = [settled.pop(p.payment_id, p) for p in done.payments] + list(settled.values())
    return {
        **_summary(settings, done, balanced, closed),
        "payments": [payment_document(p, now_us) for p in payments],
        "breaks": [break_document(b, now_us) for b in balanced.breaks],
    }


def _summary(
    settings: "Profile", done: "Reconciled", balanced: "Balanced", closed: "Closed | None"
) -> dict[str, Any]:
    from mpesa_cli.terminal.held_words import held_document

    totals = balanced.totals
    return {
        "environment": settings.environment,
        "profile": settings.name,
        "not_asked": done.not_asked,
        "may_be": [{"receipt": each.receipt, "order_id": each.order_id} for each in done.claims],
        "statements": [
            {
                "source": t.source, "name": t.name, "sha256": t.sha256,
                "from": rfc3339(t.from_us or None), "until": rfc3339(t.until_us or None),
                "rows": t.findings.rows, "new_rows": t.new_rows, "skipped": dict(t.findings.skipped),
                "opening_balance": _shillings(t.findings.opening_cents),
                "closing_balance": _shillings(t.findings.closing_cents),
            }
            for t in balanced.taken
        ],
        "totals": {
            "count": totals.count, "gross": cents_to_json(totals.gross_cents),
            "charges": cents_to_json(totals.charges_cents), "reversals": cents_to_json(totals.reversals_cents),
            "other": cents_to_json(totals.other_cents), "net": cents_to_json(totals.net_cents),
        },
        "settled_by_rows": len(balanced.payments),
        "differences": len(balanced.open_breaks),
        "accepted": len(balanced.breaks) - len(balanced.open_breaks),
        "carried_over": balanced.carried_over,
        "held": [held_document(each) for each in balanced.held],
        "closed": None if closed is None else {
            "day": closed.closing.day, "by": closed.closing.closed_by, "at": rfc3339(closed.closing.closed_us),
            "sha256": closed.closing.sha256, "journal_head": closed.closing.head, "fresh": closed.fresh,
            "totals": closed.closing.totals.document(),
        },
    }  # fmt: skip


def _shillings(cents: int | None) -> int | float | None:
    return None if cents is None else cents_to_json(cents)


def _print_for_people(
    streams: "Streams", done: "Reconciled", balanced: "Balanced", closed: "Closed | None", now_us: int
) -> None:
    from mpesa_cli.operations.books import for_a_person
    from mpesa_cli.terminal.claim_words import claim_lines
    from mpesa_cli.terminal.payment_words import advice, headline

    settled = {p.payment_id for p in balanced.payments}
    open_still = [p for p in done.payments if p.payment_id not in settled]
    for payment in open_still if streams.verbosity else for_a_person(done, balanced):
        streams.out(headline(payment))
        for line in advice(payment):
            streams.say(f"  {line}")
    if streams.verbosity:
        for payment in balanced.payments:
            streams.out(f"{headline(payment)}, by M-PESA's own record")
    for line in claim_lines(done.claims):
        streams.out(line)
    for line in break_lines(balanced.breaks if streams.verbosity else balanced.open_breaks, now_us):
        streams.out(line)
    _print_held(streams, balanced)
    if streams.verbosity:
        _circumstances(streams, balanced)
    if closed is not None:
        totals = closed.closing.totals
        said = "is closed" if closed.fresh else "was closed before with the same totals"
        streams.out(f"{closed.closing.day} {said}: {counted(totals.count, 'payment')}, "
                    f"{format_cents(totals.gross_cents)} gross, {format_cents(totals.net_cents)} net.")  # fmt: skip
        if balanced.open_breaks:
            were = "was" if len(balanced.open_breaks) == 1 else "were"
            streams.say(f"{counted(len(balanced.open_breaks), 'difference')} {were} open when it was closed.")
    if done.not_asked:
        streams.say(f"Daraja could not be asked about {done.not_asked} of them this time. Again later: mpesa reconcile")


def _print_held(streams: "Streams", balanced: "Balanced") -> None:
    if not balanced.held:
        return
    from mpesa_cli.terminal.held_words import ADVICE, held_line

    for message in balanced.held[:HELD_SHOWN_MAX]:
        streams.out(held_line(message))
    if (more := len(balanced.held) - HELD_SHOWN_MAX) > 0:
        streams.out(f"{counted(more, 'held message')} more: mpesa held")
    streams.say(ADVICE)


def _circumstances(streams: "Streams", balanced: "Balanced") -> None:
    for each in balanced.taken:
        period = f"{day_and_time(each.from_us)} to {day_and_time(each.until_us)}" if each.until_us else "no time"
        left_out = "".join(f", {count} {status} left out" for status, count in each.findings.skipped.items())
        streams.say(f"{each.name}: {counted(each.findings.rows, 'row')}, {each.new_rows:,} new, {period}{left_out}")
    if balanced.taken:
        totals = balanced.totals
        streams.say(
            f"{counted(totals.count, 'payment')}, {format_cents(totals.gross_cents)}; "
            f"charges {format_cents(totals.charges_cents)}; given back {format_cents(totals.reversals_cents)}; "
            f"other {format_cents(totals.other_cents)}; net {format_cents(totals.net_cents)}"
        )
    if balanced.carried_over:
        are = "is" if balanced.carried_over == 1 else "are"
        streams.say(f"{counted(balanced.carried_over, 'payment')} {are} too near the edge of that time to be called "
                    "missing yet: the next statement tells.")  # fmt: skip
