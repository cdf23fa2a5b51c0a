"""`mpesa balance`: what M-PESA says of the shop's accounts, or why it did not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import body, ledger_of, paid
from simulated_daraja import payload

from mpesa_cli.daraja.questions.account_balance import balance_command, read_accounts, read_balances
from mpesa_cli.daraja.results import read_result
from mpesa_cli.initiator.balance import last_balance


def told(done: Any) -> dict[str, float]:
    assert done.status == 0, done.stderr
    return {each["name"]: each["current"] for each in json.loads(done.stdout)["accounts"]}


def test_the_accounts_are_told_and_follow_what_was_paid(mpesa: Callable[..., Any]) -> None:
    before = told(mpesa("balance", "--json"))
    paid(mpesa, "1042", 1_000)
    after = told(mpesa("balance", "--json"))
    assert after["Utility Account"] - before["Utility Account"] == 1_000
    assert after["Charges Paid Account"] == -5.5
    table = mpesa("balance")
    assert table.stdout.startswith("Account\tCurrent\tAvailable\tReserved\tUncleared\n"), "nobody can tell them apart"
    assert "Utility Account\tKES 42,750\tKES 42,750\tKES 0\tKES 0" in table.stdout
    assert "Charges Paid Account\t-KES 5.50" in table.stdout


def test_the_last_one_told_is_known_later(mpesa: Callable[..., Any], home: Path) -> None:
    mpesa("balance")
    paid(mpesa, "1042", 1_000)
    mpesa("balance")
    mpesa("balance", env={"MPESA_INITIATOR_NAME": "code-21"})
    with ledger_of(home) as ledger:
        last = last_balance(ledger, "174379")
        assert last is not None
        assert last.customers is not None
        assert last.customers.current_cents == 4_275_000
        assert last_balance(ledger, "600984") is None
    checks = {each["check"]: each["words"] for each in json.loads(mpesa("doctor", "--json").stdout)["checks"]}
    assert "Utility Account KES 42,750" in checks["balance"]
    assert "Float" not in checks["balance"]


def test_the_check_up_says_that_nobody_asked_yet_and_nothing_where_nobody_can(mpesa: Callable[..., Any]) -> None:
    def words(**env: str) -> list[str]:
        said = json.loads(mpesa("doctor", "--json", env=env).stdout)["checks"]
        return [each["words"] for each in said if each["check"] == "balance"]

    mpesa("push", "254708374149", "150", "--order", "1")
    assert words() == ["M-PESA was never asked for the balance."]
    assert words(MPESA_ENVIRONMENT="sandbox", MPESA_CONSUMER_KEY="k", MPESA_CONSUMER_SECRET="s") == []


@pytest.mark.parametrize(("initiator", "status", "words"), [
    ("code-21", 4, "mpesa explain 21 --api initiator"), ("code-26", 3, "did not tell the balance"),
    ("no-result", 5, "mpesa balance"), ("times-out", 5, "queue gave up"), ("answer-lost", 0, ""), ("page", 5, ""),
    ("result-twice", 0, ""), ("result-first", 0, ""), ("maintenance", 5, "a minute"), ("html-503", 5, ""),
    ("html-403", 5, ""), ("spike-arrest", 5, "patience"), ("token-expired", 0, ""), ("texts", 0, ""),
    ("truncated", 0, ""), ("internal-error", 5, ""), ("dropped", 5, ""),
])
def test_whatever_happens_on_the_way_the_exit_status_says_it(
    mpesa: Callable[..., Any], initiator: str, status: int, words: str
) -> None:
    done = mpesa("balance", "--json", "--timeout", "20", env={"MPESA_INITIATOR_NAME": initiator})
    assert done.status == status, done.stdout
    assert words in done.stdout
    if status:
        assert json.loads(done.stdout)["error"]["money_moved"] == "no"


def test_a_third_wrong_password_is_not_tried(mpesa: Callable[..., Any]) -> None:
    wrong = {"MPESA_INITIATOR_NAME": "code-2001"}
    assert [mpesa("balance", env=wrong).status for _ in range(2)] == [4, 4]
    third = mpesa("balance", env=wrong)
    assert third.status == 4
    assert "One more try may lock it" in third.stderr


def test_without_an_initiator_nothing_is_asked(mpesa: Callable[..., Any]) -> None:
    sandbox = {"MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s"}
    done = mpesa("balance", "--json", env=sandbox)
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (10, "no-initiator")


def test_the_question_is_asked_as_safaricom_s_example() -> None:
    made = {"Initiator", "SecurityCredential", "CommandID", "ResultURL", "QueueTimeOutURL"}
    command = balance_command("600984")
    assert made | set(command.fields) == set(payload("accountbalance.request"))


@pytest.mark.parametrize("name", ["accountbalance.result.success", "accountbalance.result.success.string-codes"])
def test_both_forms_of_the_result_are_read(name: str) -> None:
    result = read_result(body(name))
    balances = read_balances(result)  # type: ignore[arg-type]
    assert balances is not None
    accounts = {each.name: each for each in balances.accounts}
    assert (accounts["Working Account"].current_cents, accounts["Charges Paid Account"].current_cents) == (
        9_150_000, -154_000)
    assert balances.at_us is not None
    assert read_accounts("&".join(each.line() for each in balances.accounts)) == balances.accounts


@pytest.mark.parametrize("text", [
    "", "&", "Working Account", "A|KES|1|2|3", "A|KES|1|2|3|4|5", "A|KES|x|0|0|0", "|KES|1|1|1|1", "A|KES|1.234|1|1|1",
    "A|shillings|1|1|1|1", "A|KES|٣|1|1|1", "A|KES|1e5|1|1|1", "&".join(["A|KES|1|1|1|1"] * 31),
    "A|KES|1|1|1|1&B|KES|nan|1|1|1",
])
def test_accounts_that_can_not_be_read_are_never_guessed(text: str) -> None:
    assert read_accounts(text) is None
