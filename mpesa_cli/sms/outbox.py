"""The life of one SMS in the outbox: claimed, then sent, tried again, given up, or in doubt for ever."""

import json
from typing import Literal, TypeAlias

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.held import HeldWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import OutboxRow, OutboxWrites
from mpesa_cli.rules.held import Holding
from mpesa_cli.sms.providers.sender import InDoubt, Outcome, Sent

QUEUE = "sms"
LEASE_S = 120  # six times what a send may take
TRIES_MAX = 5
FIRST_PAUSE_S = 60  # then five times as long after each further try: 1, 5, 25, 125 minutes

State: TypeAlias = Literal["done", "again", "given_up", "ambiguous"]


def doubt_lost(ledger: Ledger, now_us: int) -> int:
    """Mark claims whose process died: nobody knows whether their messages went out. Returns their number."""
    with ledger.write() as tx:
        return OutboxWrites(tx).doubt_lost(QUEUE, now_us, LOST)


def claim(ledger: Ledger, event_id: str, now_us: int) -> OutboxRow | None:
    """The row, claimed for this process alone; None where another process was quicker."""
    with ledger.write() as tx:
        return OutboxWrites(tx).claim_one(event_id, now_us, LEASE_S * SECOND_US)


def give_up(ledger: Ledger, event_id: str, why: str, now_us: int) -> bool:
    """Settle a row that can't be sent at all. False where another process was quicker."""
    with ledger.write() as tx:
        claimed = OutboxWrites(tx).claim_one(event_id, now_us, LEASE_S * SECOND_US)
        if claimed:
            OutboxWrites(tx).finish(event_id, "given_up", detail(code="not-sendable", words=why), now_us)
    return claimed is not None


def set_aside(ledger: Ledger, row: OutboxRow, why: str, now_us: int) -> bool:
    """Hold a row whose preparation fails, and give it up. False where another process was quicker."""
    with ledger.write() as tx:
        claimed = OutboxWrites(tx).claim_one(row.event_id, now_us, LEASE_S * SECOND_US)
        if claimed:
            OutboxWrites(tx).finish(row.event_id, "given_up", detail(code="held", words=why), now_us)
            HeldWrites(tx).hold(Holding("outbox", row.created_us, "not-sendable", why, source=row.event_id), now_us)
    return claimed is not None


def record(
    ledger: Ledger, claimed: OutboxRow, outcome: Outcome, provider: str, now_us: int, random: float
) -> State:
    """Store the outcome of a try. Only what provably was not sent waits for another one."""
    tries = claimed.tries + 1
    with ledger.write() as tx:
        if isinstance(outcome, Sent):
            known = {"message_id": outcome.message_id, "cost": outcome.cost, "parts": outcome.parts}
            told = detail(provider=provider, **known, tries=tries)
            OutboxWrites(tx).finish(claimed.event_id, "done", told, now_us, outcome.message_id)
            return "done"
        told = detail(provider=provider, code=outcome.code, words=outcome.words, tries=tries)
        if isinstance(outcome, InDoubt):
            OutboxWrites(tx).finish(claimed.event_id, "ambiguous", told, now_us)
            return "ambiguous"
        if outcome.again and tries < TRIES_MAX:
            OutboxWrites(tx).again(claimed.event_id, told, now_us + pause_us(tries, random))
            return "again"
        OutboxWrites(tx).finish(claimed.event_id, "given_up", told, now_us)
        return "given_up"


def pause_us(tries: int, random: float) -> int:
    """The pause after ``tries`` failed tries, in microseconds. ``random`` in [0, 1) spreads it by a tenth."""
    return int(FIRST_PAUSE_S * 5 ** (tries - 1) * (1 + random / 10) * SECOND_US)


def detail(**facts: object) -> str:
    """The facts of a try, as the outbox keeps them: a JSON object without empty values."""
    return json.dumps({name: value for name, value in facts.items() if value != ""}, ensure_ascii=False)


LOST = detail(code="lost", words="The program died while sending.")
