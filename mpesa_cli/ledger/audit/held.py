"""The check of held messages: each is as the journal tells, and nobody took its body away in silence."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads

_STANDS = {"message_held": "open", "held_reopened": "open", "held_done": "done", "held_applied": "applied"}
_TOLD = (
    "SELECT seq, kind, facts FROM journal WHERE kind IN "
    "('message_held', 'held_done', 'held_applied', 'held_reopened', 'held_removed') ORDER BY seq"
)
_ROWS = (
    "SELECT h.held_id, h.channel, h.code, h.amount_cents, h.state, h.callback_id, h.removal, length(h.body), c.body "
    "FROM held_messages h LEFT JOIN callbacks c ON c.callback_id = h.callback_id AND h.callback_id <> '' "
    "ORDER BY h.held_id"
)


def held_flaws(ledger: Reads) -> Iterator[Flaw]:
    """The flaws of held messages."""
    told: dict[str, tuple[int, dict[str, Any], str]] = {}
    removals: dict[str, tuple[int, int, str]] = {}
    for seq, kind, facts in ledger.stream(_TOLD):
        said = json.loads(str(facts))
        if kind == "held_removed":
            removals[said["removal"]] = (int(str(seq)), said["messages"], said["sha256"])
            continue
        held_id = str(said["held"])
        first = said if kind == "message_held" else told[held_id][1] if held_id in told else {}
        told[held_id] = (int(str(seq)), first, _STANDS[str(kind)])
    yield from _row_flaws(ledger, told, removals)


def _row_flaws(
    ledger: Reads, told: dict[str, tuple[int, dict[str, Any], str]], removals: dict[str, tuple[int, int, str]]
) -> Iterator[Flaw]:
    removed: dict[str, list[str]] = {}
    for held_id, channel, code, amount_cents, state, callback_id, removal, size, body in ledger.stream(_ROWS):
        seq, said, stands = told.pop(str(held_id), (0, {}, ""))
        if not seq:
            yield Flaw(0, f"the held message {held_id} is in no row of the journal")
        elif (said.get("channel"), said.get("code"), said.get("amount_cents")) != (channel, code, amount_cents):
            yield Flaw(seq, f"the held message {held_id} is not what was held")
        elif stands != state:
            yield Flaw(seq, f"the held message {held_id} is {state}, and the journal says {stands}")
        if removal:
            removed.setdefault(str(removal), []).append(str(held_id))
            if size or (callback_id and b"removed" not in bytes(body if isinstance(body, bytes) else b"removed")):
                yield Flaw(0, f"the body of {held_id} was taken away and is there")
        elif callback_id and body is None:
            yield Flaw(0, f"the body of {held_id} is gone")
    for held_id, (seq, _, _) in told.items():
        yield Flaw(seq, f"the held message {held_id} is gone")
    for removal in removed:
        if removal not in removals:
            yield Flaw(0, f"bodies were taken away in the name of {removal}, which the journal does not know")
    for removal, (seq, count, sha256) in removals.items():
        held_ids = removed.get(removal, [])
        seen = hashlib.sha256("".join(f"{each}\n" for each in held_ids).encode())
        if (len(held_ids), seen.hexdigest()) != (count, sha256):
            yield Flaw(seq, "what this removal took away is not what it says")
