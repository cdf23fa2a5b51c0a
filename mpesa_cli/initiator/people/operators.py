"""Operators, each known by a PIN of which only a slow hash is kept. Guessing is slowed, and journaled."""

import hashlib
import hmac

from mpesa_cli.floor.errors import Conflict, Temporary
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.approval import check_pin, operator_key, wait_s

_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 << 20, "dklen": 32}  # some 50 ms a try


def operator_names(reads: Reads) -> list[str]:
    """The names of all operators, in order."""
    return [str(name) for (name,) in reads.rows("SELECT name FROM operators ORDER BY name_key")]


def set_operator(ledger: Ledger, world: World, name: str, pin: Secret, by: str) -> bool:
    """Give an operator a PIN. Returns whether there was one before. Raises InvalidInput for a weak PIN."""
    salt = world.token_hex(16)
    hashed = _hashed(check_pin(pin.reveal()), salt)
    with ledger.write() as tx:
        key, now_us = operator_key(name), world.now_us()
        reset = bool(tx.rows("SELECT 1 FROM operators WHERE name_key=?", (key,)))
        tx.execute(
            "INSERT INTO operators (name_key, name, salt, pin_hash, set_us) VALUES (?,?,?,?,?) "
            "ON CONFLICT (name_key) DO UPDATE SET name=excluded.name, salt=excluded.salt, pin_hash=excluded.pin_hash, "
            "set_us=excluded.set_us, wrong=0",
            (key, name, salt, hashed, now_us),
        )
        facts: dict[str, object] = {"name": name, "by": by, "reset": reset}
        tx.chain(ev.Record("operator_set", now_us, facts, {}), "", None)
    return reset


def remove_operator(ledger: Ledger, world: World, name: str, by: str) -> bool:
    """Take an operator's PIN away. Returns whether there was one."""
    with ledger.write() as tx:
        gone = tx.execute("DELETE FROM operators WHERE name_key=?", (operator_key(name),)).rowcount > 0
        if gone:
            facts: dict[str, object] = {"name": name, "by": by}
            tx.chain(ev.Record("operator_removed", world.now_us(), facts, {}), "", None)
    return gone


def known_by_pin(ledger: Ledger, world: World, name: str, pin: Secret) -> str:
    """The operator's name as it was set, where the PIN is right. Raises Conflict for a wrong one, Temporary to wait.

    A try is counted before it is looked at, so that no number of processes gets more of them.
    """
    key = operator_key(name)
    with ledger.write() as tx:
        rows = tx.rows("SELECT name, salt, pin_hash, wrong, last_wrong_us FROM operators WHERE name_key=?", (key,))
        if not rows:
            raise no_operator(name)
        known, salt, hashed, wrong, last_us = rows[0]
        left_s = wait_s(int(str(wrong)), int(str(last_us)), world.now_us())
        if left_s:
            raise _too_many(str(known), left_s)
        tx.execute(
            "UPDATE operators SET wrong = wrong + 1, last_wrong_us = ? WHERE name_key=?", (world.now_us(), key)
        )
    right = hmac.compare_digest(_hashed(pin.reveal(), str(salt)), str(hashed))
    with ledger.write() as tx:
        if right:
            tx.execute("UPDATE operators SET wrong = 0 WHERE name_key=?", (key,))
        else:
            facts: dict[str, object] = {"name": str(known), "in_a_row": int(str(wrong)) + 1}
            tx.chain(ev.Record("operator_pin_wrong", world.now_us(), facts, {}), "", None)
    if not right:
        raise Conflict(
            f"That is not {known}'s PIN.",
            hint="Nothing was sent. Try again. Forgotten? Whoever keeps the configuration sets a new one: "
            f"mpesa operator set {known!r}", code="wrong-pin",
        )
    return str(known)


def no_operator(name: str) -> Conflict:
    """The refusal of a name that has no PIN."""
    return Conflict(
        f"{name!r} has no operator PIN.",
        hint=f"Nothing was sent. Whoever keeps the configuration sets one: mpesa operator set {name!r}",
        code="no-operator",
    )


def _too_many(name: str, left_s: int) -> Temporary:
    wait = Temporary(
        f"{name}'s PIN was wrong too often.",
        hint=f"Nothing was sent. Wait {left_s} s, then run the same command again.", code="pin-wait",
    )
    wait.retry_after_s = left_s
    return wait


def _hashed(pin: str, salt: str) -> str:
    return hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), **_COST).hex()
