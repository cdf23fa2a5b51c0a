"""The check of payments and attempts, recomputed from the journal: three sorted streams, merged by payment."""

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Any, TypeAlias, cast

from mpesa_cli.floor.progress import Told, passed_on, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.rows import (
    ATTEMPT_COLUMNS,
    PAYMENT_COLUMNS,
    PROJECTED_COLUMNS,
    attempt_from,
    payment_from,
    payment_projection,
)
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.payout_evidence import PAYOUT_IDS
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import Attempt
from mpesa_cli.rules.state import Terms, attempt_view

Row: TypeAlias = tuple[object, ...]
StoryRow: TypeAlias = tuple[str, int, int, str, int | None, str, str | None]

_STORY = (
    "SELECT j.payment_id, j.seq, j.at_us, j.kind, j.attempt, j.facts, p.facts "
    "FROM journal j LEFT JOIN journal_private p USING (seq) WHERE j.payment_id <> '' "
    f"AND j.payment_id NOT BETWEEN '{PAYOUT_IDS[0]}' AND '{PAYOUT_IDS[1]}' ORDER BY j.payment_id, j.seq"
)
_ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS}, token_hash FROM attempts ORDER BY payment_id, number"
_PAYMENTS = (
    f"SELECT {PAYMENT_COLUMNS}, order_key, {PROJECTED_COLUMNS} FROM payments ORDER BY payment_id"
)
_decode = json.JSONDecoder().raw_decode
_PAYMENT_WIDTH = PAYMENT_COLUMNS.count(",") + 1
# What the two rows of intent say in the journal, in the order of the projections' columns.
_CREATED = (*PAYMENT_COLUMNS.split(", ")[1:], "order_key")
_INTENT = ("amount_cents", "msisdn", "created_us", "token_hash", "channel")


@dataclass(slots=True)
class _Story:
    """The journal's rows of one payment: its start, its attempts, their evidence."""

    first_seq: int
    created: dict[str, object] | None = None
    merged: bool = False
    intents: dict[int, dict[str, object]] = field(default_factory=dict)
    evidence: dict[int, list[ev.Evidence]] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    def add(self, row: StoryRow) -> None:
        """Add one row of the journal, in its order."""
        _, seq, at_us, kind, attempt, facts, private = row
        try:
            said = _decoded(facts)
            if private:
                said.update(_decoded(private))
            self._take(kind, at_us, attempt, said)
        except (KeyError, TypeError, ValueError):
            self.flaws.append(Flaw(seq, f"can't be read as {kind}"))
        except _ImpossibleError as why:
            self.flaws.append(Flaw(seq, str(why)))

    def _take(self, kind: str, at_us: int, number: int | None, said: dict[str, Any]) -> None:
        if kind == "payment_created":
            if self.created is not None:
                raise _ImpossibleError("records a payment that was recorded before")
            self.created = {**said, "created_us": at_us}
            return
        if self.created is None:
            raise _ImpossibleError("is about a payment that was never recorded")
        if kind == "payment_merged":
            self.merged = True
        elif number is not None and kind == "attempt_created":
            if number in self.intents:
                raise _ImpossibleError(f"records attempt {number} a second time")
            self.intents[number] = {**said, "created_us": at_us}
            self.evidence[number] = []
        elif kind in ev.KINDS:
            if number not in self.intents:
                raise _ImpossibleError(f"is about attempt {number}, which was never recorded")
            self.evidence[number].append(ev.KINDS[kind](at_us=at_us, **said))


def _decoded(text: str) -> dict[str, Any]:
    """A JSON object. ``json.loads`` would spend as long on looking for blanks around it as on reading it."""
    value, end = _decode(text)
    if end != len(text) or not isinstance(value, dict):
        raise ValueError(text)
    return value


class _ImpossibleError(Exception):
    """A row that no story of ours can hold."""


def payment_flaws(ledger: Reads, told: Told = unheard) -> Iterator[Flaw]:
    """The flaws of payments and attempts that differ from the journal, in the order of payment ids."""
    stories = _grouped(ledger.stream(_STORY))
    attempts, payments = _grouped(ledger.stream(_ATTEMPTS)), _grouped(ledger.stream(_PAYMENTS))
    count = int(str(ledger.rows("SELECT count(*) FROM payments")[0][0]))
    merged = passed_on(_merged(stories, attempts, payments), told, "Proving payments", count)
    for payment_id, said, attempt_rows, payment_rows in merged:
        story = _Story(int(str(said[0][1])) if said else 0)
        for row in said:
            story.add(cast("StoryRow", row))  # STRICT tables hold what they were declared with
        yield from story.flaws
        if not payment_rows:
            yield from _absent(payment_id, story, attempt_rows)
        elif story.created is None:
            yield Flaw(0, f"payment {payment_id} was added: the journal does not know it")
        else:
            yield from _compared(payment_id, story, payment_rows[0], attempt_rows, ledger.environment)


def _absent(payment_id: str, story: _Story, attempt_rows: list[Row]) -> Iterator[Flaw]:
    if story.created is not None and not story.merged:
        yield Flaw(story.first_seq, f"records payment {payment_id}, which is gone")
    if attempt_rows:
        yield Flaw(0, f"payment {payment_id} has attempts and is not there itself")


def _compared(
    payment_id: str, story: _Story, payment_row: Row, attempt_rows: list[Row], environment: str
) -> Iterator[Flaw]:
    try:
        attempts = [attempt_from(row[:-1]) for row in attempt_rows]
    except ValueError as unknown:
        yield Flaw(0, f"{payment_id} has an attempt in a state that there is not: {unknown}")
        return
    for attempt, row in zip(attempts, attempt_rows, strict=True):
        yield from _attempt_flaws(story, attempt, row[-1])
    for number in sorted(story.intents.keys() - {a.ref.number for a in attempts}):
        yield Flaw(story.first_seq, f"records {payment_id}, whose attempt {number} is gone")
    if story.merged:
        yield Flaw(0, f"payment {payment_id} was merged into another and is there all the same")
    if not attempts:
        yield Flaw(0, f"payment {payment_id} has no attempt")
        return
    payment = payment_from(payment_row[:_PAYMENT_WIDTH], attempts, environment)
    recorded = {**(story.created or {}), "order_key": order_key(payment.order_id)}
    if wrong := _differing(_CREATED, recorded, payment_row[1 : _PAYMENT_WIDTH + 1]):
        yield Flaw(0, f"{payment_id} is shown with another {wrong} than was recorded")
    shown, decided = payment_row[_PAYMENT_WIDTH + 1 :], payment_projection(payment)
    if shown[0] != decided[0]:
        yield Flaw(0, f"{payment_id} is shown as {shown[0]}, and its attempts say {decided[0]}")
    elif shown != decided:
        yield Flaw(0, f"{payment_id} is not shown as its attempts say")


def _attempt_flaws(story: _Story, attempt: Attempt, token_hash: object) -> Iterator[Flaw]:
    name, number = f"{attempt.ref.payment_id} attempt {attempt.ref.number}", attempt.ref.number
    intent = story.intents.get(number)
    if intent is None:
        yield Flaw(0, f"{name} was added: the journal does not know it")
        return
    intent["channel"] = "stk" if intent.get("token_hash") else "c2b"
    shown = (attempt.amount_cents, attempt.msisdn, attempt.created_us, token_hash or "", attempt.channel)
    if wrong := _differing(_INTENT, intent, shown):
        yield Flaw(0, f"{name} is shown with another {wrong} than was recorded")
        return
    known = story.evidence.get(number, [])
    view = attempt_view(Terms(attempt.amount_cents, attempt.msisdn, prompted=attempt.channel == "stk"), known)
    if view != attempt.view:
        difference = f"its evidence says {view.state}" if view.state != attempt.state else "its evidence says otherwise"
        yield Flaw(0, f"{name} is shown as {attempt.state}, and {difference}")
    elif attempt.withdrawn != any(isinstance(e, ev.Withdrawn) for e in known):
        yield Flaw(0, f"{name} is shown as withdrawn: {attempt.withdrawn}, and its evidence disagrees")


def _differing(names: tuple[str, ...], recorded: dict[str, object], shown: Row) -> str:
    """The names of the fields whose value is not the recorded one; empty where all are."""
    said = tuple([recorded.get(name, "") for name in names])
    return "" if said == shown else ", ".join(n for n, a, b in zip(names, said, shown, strict=True) if a != b)


def _grouped(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    for payment_id, group in itertools.groupby(rows, key=lambda row: row[0]):
        yield str(payment_id), list(group)


def _merged(*streams: Iterator[tuple[str, list[Row]]]) -> Iterator[tuple[str, list[Row], list[Row], list[Row]]]:
    """Three sorted streams side by side: for each payment that any of them knows, its rows in each."""
    heads = [next(stream, None) for stream in streams]
    while present := [head[0] for head in heads if head is not None]:
        payment_id = min(present)
        found: list[list[Row]] = []
        for index, head in enumerate(heads):
            if head is not None and head[0] == payment_id:
                found.append(head[1])
                heads[index] = next(streams[index], None)
            else:
                found.append([])
        yield payment_id, found[0], found[1], found[2]
