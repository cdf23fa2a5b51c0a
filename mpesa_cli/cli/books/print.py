"""Printing what a run of ``reconcile`` found, for programs. Silent where nothing needs anybody."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from mpesa_cli.books.break_words import break_document
from mpesa_cli.cli.books.shown import Shown, unfinished_words
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.rules.values.amount import cents_to_json
from mpesa_cli.terminal.json_words import BREAK_FIELDS
from mpesa_cli.terminal.render import LIST_PART, print_json_line, print_json_with_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.books.break_values import Break
    from mpesa_cli.books.reconciling import Run
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def print_run(runtime: "Runtime", settings: "Profile", shown: Shown, found: "Run") -> None:
    """Print it on stdout in the format that was asked for; words about it on stderr."""
    now_us, ledger = runtime.world.now_us(), runtime.ledger(settings)
    if shown.format == "table":
        from mpesa_cli.cli.books.say import say_run

        say_run(runtime, ledger, shown, found)
        return
    for name in found.balanced.unfinished:
        runtime.streams.complain(unfinished_words(name))
    match shown.format:
        case "json":
            documents = (break_document(each, now_us) for each in _breaks(ledger, found))
            print_json_with_list(runtime.streams, _document(settings, ledger, found, now_us), "breaks", documents)
        case "ndjson":
            for each in _breaks(ledger, found):
                print_json_line(runtime.streams, {"type": "break", **break_document(each, now_us)})
            print_json_line(runtime.streams, {"type": "summary", **_summary(settings, ledger, found)})
        case _:
            from mpesa_cli.terminal.csv_rows import csv_text

            runtime.streams.out(csv_text([list(BREAK_FIELDS)]).removesuffix("\r\n"))
            rows = ([_cell(v) for v in break_document(each, now_us).values()] for each in _breaks(ledger, found))
            while part := list(islice(rows, LIST_PART)):
                runtime.streams.out(csv_text(part).removesuffix("\r\n"))


def _breaks(ledger: "Ledger", found: "Run") -> "Iterator[Break]":
    from mpesa_cli.books.store.differences import Differences

    return Differences(ledger).listed(found.shop.shortcodes, found.balanced.scopes)


def _cell(value: Any) -> str | int | float | None:
    return str(value).lower() if isinstance(value, bool) else value


def _document(settings: "Profile", ledger: "Ledger", found: "Run", now_us: int) -> dict[str, Any]:
    from mpesa_cli.rules.payment_document import payment_document

    settled = {p.payment_id: p for p in found.balanced.payments}
    payments = [settled.pop(p.payment_id, p) for p in found.done.payments] + list(settled.values())
    named = {p.payment_id for p in payments}
    payments += [p for p in found.waiting if p.payment_id not in named]
    return {
        **_summary(settings, ledger, found),
        "payments": [payment_document(p, now_us) for p in payments],
    }


def _summary(settings: "Profile", ledger: "Ledger", found: "Run") -> dict[str, Any]:
    from mpesa_cli.books.store.differences import Differences
    from mpesa_cli.held.words import held_document

    balanced, closed = found.balanced, found.closed
    totals = balanced.totals
    counts = Differences(ledger).counts(found.shop.shortcodes, balanced.scopes)
    return {
        "environment": settings.environment,
        "profile": settings.name,
        "not_asked": found.done.not_asked,
        "may_be": [{"receipt": each.receipt, "order_id": each.order_id} for each in found.done.claims],
        "statements": [
            {
                "source": t.source, "name": t.name, "sha256": t.sha256,
                "from": rfc3339(t.from_us or None), "until": rfc3339(t.until_us or None),
                "rows": t.findings.rows, "new_rows": t.new_rows, "skipped": dict(t.findings.skipped),
                "opening_balance": _shillings(t.findings.opening_cents),
                "closing_balance": _shillings(t.findings.closing_cents),
                "not_read": [
                    *({"store": store, "profile": None, "rows": n} for store, n in t.of_stores.unknown.items()),
                    *({"store": None, "profile": name, "rows": n} for name, n in t.of_stores.elsewhere.items()),
                ],
            }
            for t in balanced.taken
        ],
        "totals": {
            "count": totals.count, "gross": cents_to_json(totals.gross_cents),
            "charges": cents_to_json(totals.charges_cents), "reversals": cents_to_json(totals.reversals_cents),
            "other": cents_to_json(totals.other_cents), "net": cents_to_json(totals.net_cents),
        },
        "settled_by_rows": len(balanced.payments),
        "differences": found.open,
        "accepted": sum(each.accepted for each in counts),
        "carried_over": balanced.carried_over,
        "held": [held_document(each) for each in found.held],
        "closed": None if closed is None else {
            "day": closed.closing.day, "by": closed.closing.closed_by, "at": rfc3339(closed.closing.closed_us),
            "sha256": closed.closing.sha256, "journal_head": closed.closing.head, "fresh": closed.fresh,
            "totals": closed.closing.totals.document(),
        },
        "record_compared_until": rfc3339(found.watch.compared_until_us),
        "listener_answered_at": rfc3339(found.watch.answered_us),
        "not_watched": found.not_watched or None,
        "not_told": [
            {"shortcode": each.shortcode, "from": rfc3339(each.from_us), "until": rfc3339(each.until_us)}
            for each in found.not_told
        ],
        "books_begin": rfc3339(Differences(ledger).books_begin_us()),
    }


def _shillings(cents: int | None) -> int | float | None:
    return None if cents is None else cents_to_json(cents)
