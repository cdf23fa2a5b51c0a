"""A batch of bodies is read at once: it comes to what the same bodies come to one by one."""

import contextlib
import secrets
import tempfile
from pathlib import Path

from daraja.callbacks.callback_bodies import encode, failed, paid
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.seen import Attempts
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.rules.evidence import Refused, Sending
from mpesa_cli.rules.payment import AttemptRef, Intent, Payment
from mpesa_cli.rules.push_rules import Again, Start

BODIES = [
    *(encode(paid(receipt=f"UKO4Q7WX{number}B")) for number in range(3)),
    encode(paid(receipt="UKO4Q7WX9B", amount=151)),
    encode(paid(receipt="")),
    encode(failed()),
    b"{}",
]
ATTEMPTS = [AttemptRef(f"PAY-{number}", attempt) for number in range(3) for attempt in (1, 2)]
CAME = st.lists(st.tuples(st.sampled_from(ATTEMPTS), st.sampled_from(BODIES)), min_size=1, max_size=12)


def ledger_with_two_prompts_each(path: Path) -> Ledger:
    ledger = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    with ledger.write() as tx:
        for number in range(3):
            intent = Intent(
                f"PAY-{number}", f"o-{number}", "test", "174379", 15_000, "254708374149", "T", "T", f"{number:064x}"
            )
            ref = tx.open_payment(Start(intent), 1).last.ref
            tx.append(ref, Sending(2, 1))
            payment = tx.append(ref, Refused(3, 1, "500.001.1001", "busy"))
            again = tx.open_attempt(Again(payment, "254708374149"), f"{number + 100:064x}", 4)
            tx.append(again.ref, Sending(5, 1))
    return ledger


def come_to(path: Path, came: list[tuple[AttemptRef, bytes]], *, at_once: int) -> tuple[list[Payment | None], object]:
    with contextlib.closing(ledger_with_two_prompts_each(path)) as ledger:
        intake = Intake(ledger, World(lambda: 100), lambda event: None)
        for at_us, (ref, body) in enumerate(came):
            with ledger.write() as tx:
                stored = BodyWrites(tx).store_callbacks([NewCallback(ref, body, "127.0.0.1")], 10 + at_us)[0]
            if stored:
                intake.settling.add(ref)
            if at_once == 1:
                intake.settling.settle()
        intake.settling.settle(at_once)
        assert not ledger.rows("SELECT 1 FROM callbacks WHERE verdict=''")
        stored = [
            ledger.rows("SELECT kind, payment_id, attempt FROM journal ORDER BY payment_id, attempt, seq"),
            ledger.rows("SELECT receipt, payment_id, attempt FROM receipts ORDER BY receipt"),
            ledger.rows("SELECT payment_id, attempt, sha256, verdict FROM callbacks ORDER BY received_us"),
        ]
        return [ledger.payment(f"PAY-{number}") for number in range(3)], stored


@settings(max_examples=12)
@given(CAME)
def test_bodies_that_are_settled_together_come_to_what_they_come_to_one_by_one(
    came: list[tuple[AttemptRef, bytes]],
) -> None:
    order = {ref: number for number, ref in enumerate(dict.fromkeys(ref for ref, _ in came))}
    came = sorted(came, key=lambda each: order[each[0]])  # a batch takes the bodies of an attempt after each other
    with tempfile.TemporaryDirectory() as name:
        alone = come_to(Path(name) / "alone.db", came, at_once=1)
        together = come_to(Path(name) / "together.db", came, at_once=100)
    assert together == alone


def test_what_was_read_for_a_batch_is_what_is_read_one_by_one(tmp_path: Path) -> None:
    with contextlib.closing(ledger_with_two_prompts_each(tmp_path / "ledger.db")) as ledger, ledger.write() as tx:
        seen = Attempts(tx).seen_of({*ATTEMPTS, AttemptRef("PAY-99", 1)})
        assert set(seen) == set(ATTEMPTS)
        for ref in ATTEMPTS:
            assert seen[ref].payment == tx.payment(ref.payment_id)
            assert seen[ref].evidence == tx.evidence(ref)
            assert seen[ref].evidence
