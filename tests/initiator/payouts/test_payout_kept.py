"""What is kept of payouts: proven by an audit, and what can't be read is held."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import ledger_of
from payout_shop import PayoutShop, paid

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.payouts import Payouts
from mpesa_cli.terminal.json_words_out import PAYOUT_FIELDS, PROPOSAL_FIELDS

ON = {"MPESA_PAYOUTS_ENABLED": "true", "USER": "asha"}


@pytest.mark.parametrize("tamper", [
    "DELETE FROM payouts", "UPDATE payouts SET state = 'failed'", "UPDATE payouts SET reference_key = 'other'",
    "UPDATE payouts SET msisdn = '254711111111'", "UPDATE payouts SET amount_cents = 1",
    ("INSERT INTO payouts SELECT 'OUT-ANOTHER', 'another', reference, shortcode, created_us, request_id, msisdn, "
    "amount_cents, asked_us, made_by, reason, tries, taken, state, since_us, receipt, paid_us, source, code, words "
    "FROM payouts"),
])
def test_a_payout_that_is_changed_taken_away_or_added_is_a_flaw(shop: PayoutShop, tamper: str) -> None:
    shop.pay()
    shop.receive(paid())
    assert list(flaws(shop.ledger)) == []
    with shop.ledger.write() as tx:
        kept = tx.rows("SELECT * FROM payouts")
        tx.execute(tamper)
    assert ["payout" in each.words for each in flaws(shop.ledger)] == [True]
    with shop.ledger.write() as tx:
        tx.execute("DELETE FROM payouts")
        tx.execute(f"INSERT INTO payouts VALUES ({','.join('?' * len(kept[0]))})", kept[0])


def test_a_result_that_cant_be_read_is_held_and_leaves_the_payout_as_it_stands(shop: PayoutShop) -> None:
    shop.pay()
    shop.receive(b'{"Result": {"ResultCode": ["0"]}}')
    (held,) = Held(shop.ledger).waiting()
    assert (held.channel, shop.stands) == ("result", "sent")
    other = json.loads(paid())
    other["Result"] |= {"ConversationID": "AG_OTHER", "OriginatorConversationID": "other"}
    shop.receive(json.dumps(other).encode())
    assert (len(Held(shop.ledger).waiting()), shop.stands) == (2, "sent")
    shop.receive(paid())
    assert shop.stands == "paid"


def test_a_backup_holds_payouts_and_the_documents_have_the_fields_that_are_written_down(
    mpesa: Callable[..., Any], home: Path, tmp_path: Path
) -> None:
    mpesa("pay", "254708374149", "150", "--for", "wages", "--reason", "wages of November", env=ON)
    copy = tmp_path / "copy.db"
    assert mpesa("backup", str(copy)).status == 0
    with ledger_of(home) as ledger:
        whole = Payouts(ledger).by_reference("wages")
    other = home / "data" / "copy-simulator.db"
    other.write_bytes(copy.read_bytes())
    with ledger_of(home, "copy-simulator") as ledger:
        assert whole is not None
        assert Payouts(ledger).by_reference("wages") == whole
    assert list(json.loads(mpesa("payouts", "wages", "--json").stdout)) == list(PAYOUT_FIELDS)
    above = {**ON, "MPESA_PAYOUTS_APPROVE_ABOVE": "100"}
    assert mpesa("operator", "set", "Asha", tty=True, stdin="402861\n402861\n", env=above).status == 0
    argv = ("pay", "254708374149", "150", "--for", "rent", "--reason", "rent of November", "--by", "Asha")
    assert mpesa(*argv, tty=True, stdin="402861\n", env=above).status == 9
    (waiting,) = json.loads(mpesa("approve", "--json", env=above).stdout)
    assert list(waiting) == list(PROPOSAL_FIELDS)
