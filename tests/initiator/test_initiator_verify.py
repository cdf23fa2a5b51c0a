"""``mpesa verify`` through the public command: what a cashier is told about a receipt, and with which exit status."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import PAYS, RECEIPT, ledger_of, paid, paid_elsewhere, verdict

Mpesa = Callable[..., Any]


def test_a_receipt_of_this_ledger_is_real_with_its_order_and_amount(mpesa: Mpesa) -> None:
    receipt = paid(mpesa, "1042")
    done = mpesa("verify", receipt.lower(), "--order", "1042", "--json")
    told = json.loads(done.stdout)
    assert verdict(done) == (0, "real")
    assert (told["order_id"], told["amount"], told["proof"]) == ("1042", 150, "ledger")
    assert told["environment"] == "simulator"
    shown = mpesa("verify", receipt, "--order", "1042", "--amount", "150.00", "--phone", "0708374149")
    assert shown.status == 0
    assert shown.stdout.startswith(f"REAL  {receipt}  KES 150")


@pytest.mark.parametrize(("options", "status", "word"), [
    (["--order", "1043"], 7, "used_already"), (["--order", "1042", "--amount", "151"], 7, "different_amount"),
    (["--order", "1042", "--phone", "254711111111"], 7, "different_phone"), ([], 7, "used_already"),
    (["--amount", "150"], 7, "used_already"), (["--order", "1043", "--amount", "1"], 7, "used_already"),
    (["--order", "order 1042"], 7, "used_already"), (["--order", " 1042 "], 0, "real"),
])
def test_a_receipt_that_does_not_fit_is_told_apart(mpesa: Mpesa, options: list[str], status: int, word: str) -> None:
    receipt = paid(mpesa, "1042")
    assert verdict(mpesa("verify", receipt, *options, "--json")) == (status, word)


@pytest.mark.parametrize("options", [["--amount", "151"], ["--phone", "254711111111"]])
def test_whoever_is_told_that_it_differs_is_told_which_order_it_paid(mpesa: Mpesa, options: list[str]) -> None:
    receipt = paid(mpesa, "1042")
    assert "It pays order 1042." in mpesa("verify", receipt, "--order", "1042", *options).stdout


@pytest.mark.parametrize(
    ("asked", "words"), [("151", "Ask for what is missing"), ("149", "more than the amount asked")]
)
def test_whoever_got_more_than_was_asked_is_not_told_to_ask_for_what_is_missing(
    mpesa: Mpesa, asked: str, words: str
) -> None:
    receipt = paid(mpesa, "1042")
    line = ("verify", receipt, "--order", "1042", "--amount", asked)
    plain, document = mpesa(*line), mpesa(*line, "--json")
    assert words in plain.stdout
    assert words in json.loads(document.stdout)["advice"]


def test_a_receipt_of_a_known_order_with_another_amount_is_noticed_without_being_told_the_amount(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    mpesa("push", "254700001032", "500", "--order", "1042")
    receipt = paid_elsewhere(mpesa, clock, home, 150)
    assert verdict(mpesa("verify", receipt, "--order", "1042", "--json")) == (7, "different_amount")


def test_money_that_the_ledger_does_not_know_is_proven_by_daraja(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    done = mpesa("verify", receipt, "--json")
    told = json.loads(done.stdout)
    assert verdict(done) == (0, "real")
    assert (told["proof"], told["amount"], told["payer"], told["order_id"]) == ("status", 150, "2547*****4149", None)
    assert "Asking M-PESA" in done.stderr


def test_the_same_sms_shown_for_a_second_order_was_used_already(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    assert verdict(mpesa("verify", receipt, "--order", "1042", "--json")) == (0, "real")
    assert verdict(mpesa("verify", receipt, "--order", "1042", "--json")) == (0, "real")
    clock.advance(3600)
    again = mpesa("verify", receipt, "--order", "1043", "--json")
    assert verdict(again) == (7, "used_already")
    assert json.loads(again.stdout)["used_for"] == "1042"


def test_only_the_first_showing_of_free_money_is_real_where_no_order_is_named(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    first = mpesa("verify", receipt)
    assert (first.status, "shown before" in first.stdout) == (0, False)
    assert "Check that KES 150 is what the goods cost." in first.stdout
    clock.advance(3600)
    again = mpesa("verify", receipt)
    assert again.status == 7
    assert again.stdout.startswith(f"USED ALREADY  {receipt}")
    assert "shown before, on 24 Nov 2026 10:3" in again.stdout.splitlines()[0]
    assert f"mpesa verify {receipt} --order ORDER" in again.stdout


def test_the_receipt_of_an_order_is_used_already_until_that_order_is_named(mpesa: Mpesa) -> None:
    receipt = paid(mpesa, "order 7")
    refused = mpesa("verify", receipt)
    assert refused.status == 7
    assert "It was used for order order 7." in refused.stdout
    assert f"mpesa verify {receipt} --order 'order 7'" in refused.stdout
    assert mpesa("verify", receipt, "--order", "order 7").status == 0


def test_a_receipt_shown_again_for_its_own_order_is_real_and_says_so_first(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    assert "shown before" not in mpesa("verify", receipt, "--order", "1042").stdout
    clock.advance(3600)
    again = mpesa("verify", receipt, "--order", "1042")
    assert again.status == 0
    assert "shown before, on 24 Nov 2026 10:3" in again.stdout.splitlines()[0]
    assert "(1042)" in again.stdout.splitlines()[0]
    (shown,) = json.loads(mpesa("verify", receipt, "--order", "1042", "--json").stdout)["shown_before"]
    assert shown["order_id"] == "1042"


def test_a_part_payment_is_real_for_the_order_that_has_it(mpesa: Mpesa) -> None:
    """What the order still lacks is asked of other receipts, never of one that it has."""
    mpesa("order", "add", "1042", "800")
    receipt = paid(mpesa, "1043")
    assert verdict(mpesa("verify", receipt, "--order", "1043", "--json")) == (0, "real")


def test_an_order_that_was_only_added_is_held_to_its_amount(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home, 150)
    mpesa("order", "add", "1042", "800")
    assert verdict(mpesa("verify", receipt, "--order", "1042", "--json")) == (7, "different_amount")


def test_a_person_at_a_terminal_is_asked_for_the_order_and_a_script_is_not(mpesa: Mpesa) -> None:
    receipt = paid(mpesa, "1042")
    asked = mpesa("verify", receipt, tty=True, stdin="1042\n")
    assert asked.status == 0
    assert "For which order?" in asked.stderr
    assert mpesa("verify", receipt, tty=True, stdin="\n").status == 7
    assert "For which order?" not in mpesa("verify", receipt).stderr


def test_a_number_that_mpesa_does_not_know_is_not_found(mpesa: Mpesa) -> None:
    done = mpesa("verify", RECEIPT)
    assert done.status == 3
    assert done.stdout.startswith(f"NOT FOUND  {RECEIPT}")
    assert "Do not hand over goods" in done.stdout


def test_letters_that_look_like_digits_lead_to_the_receipt_of_the_ledger(mpesa: Mpesa, clock: Any) -> None:
    receipt = ""
    for number in range(40):
        clock.advance(200)
        receipt = paid(mpesa, f"order-{number}")
        if set(receipt[3:]) & set("O0I1"):
            break
    place = next(n for n, c in enumerate(receipt) if n > 2 and c in "O0I1")
    typed = receipt[:place] + {"O": "0", "0": "O", "I": "1", "1": "I"}[receipt[place]] + receipt[place + 1 :]
    done = mpesa("verify", typed, "--json")
    told = json.loads(done.stdout)
    assert verdict(done) == (6, "not_proven")
    assert receipt in told["meant"]
    assert "Asking" not in done.stderr, "the customer misread it: look at the number before M-PESA is asked"


@pytest.mark.parametrize(("typed", "words"), [
    ("ULO4Q7WX2B", "24 December 2026, which is yet to come"), ("TKO4Q7WX2B", "24 November 2025: long ago"),
    ("1KO4Q7WX2B", "are no date"), ("UKW4Q7WX2B", "are no date"), ("UKO4Q7WX2", "has 9 characters"),
])
def test_what_is_odd_about_a_number_is_said_and_decides_nothing(mpesa: Mpesa, typed: str, words: str) -> None:
    done = mpesa("verify", typed, "--json")
    assert words in json.loads(done.stdout)["why"]
    assert done.status in {3, 6}


def test_a_date_that_a_look_alike_would_have_is_suggested(mpesa: Mpesa) -> None:
    assert json.loads(mpesa("verify", "UK04Q7WX2B", "--json").stdout)["meant"] == ["UKO4Q7WX2B"]


@pytest.mark.parametrize("typed", ["", "UKO4", "UKO4Q7WX2!", "UKO4Q7WX2B" * 3, "ÜKO4Q7WX2B"])
def test_what_can_be_no_receipt_is_refused_before_anything_is_asked(mpesa: Mpesa, typed: str) -> None:
    done = mpesa("verify", typed, "--json")
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (2, "invalid-receipt")


@pytest.mark.parametrize("name", ["no-role", "times-out", "no-result"])
def test_what_daraja_does_not_answer_is_not_proven_and_never_not_found(
    mpesa: Mpesa, clock: Any, home: Path, name: str
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    done = mpesa("verify", receipt, "--json", "--timeout", "8", env={"MPESA_INITIATOR_NAME": name})
    assert verdict(done) == (6, "not_proven")
    assert json.loads(done.stdout)["why"]


def test_an_answer_of_the_last_minutes_is_not_asked_for_again(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    for wait_s in (10, 400, 10):
        assert mpesa("verify", receipt, "--order", "1042").status == 0
        clock.advance(wait_s)
    with ledger_of(home) as ledger:
        assert len(ledger.rows("SELECT 1 FROM requests")) == 2


def test_without_an_initiator_it_says_where_to_look(mpesa: Mpesa) -> None:
    environ = {"MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "x", "APP_URL": "https://pay.example.co.ke"}
    done = mpesa("verify", RECEIPT, env=environ)
    assert done.status == 6
    assert done.stdout.startswith("NOT PROVEN")
    assert "M-PESA portal" in done.stdout


def test_an_initiator_without_its_certificate_or_password_is_a_matter_of_settings(mpesa: Mpesa) -> None:
    environ = {"MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "x", "APP_URL": "https://pay.example.co.ke",
               "MPESA_INITIATOR_NAME": "api"}
    assert mpesa("verify", RECEIPT, env=environ).status == 10
    environ["MPESA_INITIATOR_CERTIFICATE"] = str(Path(__file__))
    done = mpesa("verify", RECEIPT, "--json", env=environ)
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (4, "secret-missing")


def test_the_cashier_is_told_in_kiswahili_too(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid(mpesa, "1042")
    done = mpesa("verify", receipt, "--order", "1043", env={"MPESA_LANGUAGE": "sw"})
    assert done.stdout.startswith("USED ALREADY (IMESHATUMIKA)")
    assert "Tayari imetumika kwa oda 1042" in done.stdout


def test_a_payment_by_hand_that_c2b_reported_belongs_to_no_order_and_is_free(mpesa: Mpesa, clock: Any) -> None:
    receipt = by_hand(mpesa, clock)
    done = mpesa("verify", receipt, "--order", "1042", "--json")
    assert verdict(done) == (0, "real")
    assert json.loads(done.stdout)["order_id"] is None


def test_money_that_went_back_is_not_paid(mpesa: Mpesa, clock: Any, home: Path) -> None:
    from mpesa_cli.rules.evidence import Reversed

    receipt = paid(mpesa, "1042")
    with ledger_of(home) as ledger, ledger.write() as tx:
        owner = tx.receipt_owner(receipt)
        assert owner
        tx.append(owner, Reversed(clock.now, "statement", receipt, "UKO4Q7ZZZZ", 15_000))
    assert verdict(mpesa("verify", receipt, "--json")) == (3, "not_paid")


def test_a_row_of_the_statement_is_proof_enough_and_its_reversal_too(
    mpesa: Mpesa, clock: Any, home: Path, tmp_path: Path
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    statement = tmp_path / "statement.csv"
    for expected in ((0, "real"), (3, "not_paid")):
        clock.advance(5)
        statement.write_text(mpesa("simulator", "statement").stdout)
        assert mpesa("reconcile", "--statement", str(statement)).status in {0, 7}
        done = mpesa("verify", receipt, "--json")
        assert verdict(done) == expected
        assert json.loads(done.stdout)["proof"] == "statement"
        assert "Asking" not in done.stderr
        if expected[0] == 0:
            assert mpesa("simulator", "reverse", receipt).status == 0


def test_a_ledger_that_can_only_be_read_still_tells_what_it_knows(mpesa: Mpesa, home: Path) -> None:
    receipt = paid(mpesa, "1042")
    data = home / "data"
    for path in data.iterdir():
        path.chmod(0o400)
    data.chmod(0o500)
    try:
        done = mpesa("verify", receipt, "--order", "1043", "--json")
        assert verdict(done) == (7, "used_already")
    finally:
        data.chmod(0o700)


def test_the_document_has_the_fields_that_are_written_down(mpesa: Mpesa, clock: Any, home: Path) -> None:
    from mpesa_cli.terminal.json_words import VERIFY_FIELDS

    receipt = paid(mpesa, "1042")
    for argv in ([receipt], [receipt, "--order", "7"], ["UK04Q7WX2B"], [RECEIPT]):
        document = json.loads(mpesa("verify", *argv, "--json").stdout)
        assert list(document) == list(VERIFY_FIELDS)
        for name, (kind, _) in VERIFY_FIELDS.items():
            assert "null" in kind or document[name] is not None, name


def by_hand(mpesa: Mpesa, clock: Any, amount: int = 150) -> str:
    """Have a customer pay by hand for an order that nobody knows; the receipt as C2B reported it."""
    mpesa("c2b-register", "--json")
    assert mpesa("c2b-simulate", PAYS, str(amount), "--account", "nothing").status == 0
    for _ in range(4):
        clock.advance(5)
        mpesa("reconcile")
    payments = json.loads(mpesa("history", "--format", "json").stdout)
    return str(next(p["receipt"] for p in payments if p["order_id"].startswith("C2B-")))
