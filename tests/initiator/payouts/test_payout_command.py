"""``mpesa pay`` and ``mpesa payouts`` as a shop types them, against the simulator."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import ledger_of

ON = {"MPESA_PAYOUTS_ENABLED": "true"}
REASON = ("--reason", "wages of November", "--by", "Asha")
BY_PHONE = {  # what M-PESA does with a payout, by the number that is paid: the exit status, and where it stands
    "254708374149": (0, "paid"),
    "254722200051": (8, "sent"),  # no result ever comes
    "254722200052": (0, "paid"),  # the result overtakes the answer
    "254722200053": (0, "paid"),  # twice
    "254722200054": (0, "paid"),  # then a second result says no
    "254722200055": (6, "review"),  # of another amount
    "254722200056": (6, "review"),  # of another receiver
    "254722200057": (6, "unknown"),  # given up in the queue, not done
    "254722200058": (6, "unknown"),  # given up in the queue, done
    "254722200059": (0, "paid"),  # the answer is lost, the result comes
    "254722200060": (8, "sent"),  # neither answer nor result; the repeat is told that M-PESA has it
    "254722200061": (0, "paid"),  # a page answered
    "254722200063": (0, "paid"),  # 500 answered
    "254722200064": (0, "paid"),  # the duplicate's code with other words answered
    "254722200065": (6, "unknown"),  # maintenance
    "254722200066": (6, "unknown"),  # the connection is cut each time
    "254722200069": (3, "failed"),  # too little money
    "254722200072": (4, "failed"),  # the initiator
    "254722200074": (0, "paid"),  # codes and amounts as text
    "254722200076": (3, "failed"),  # no M-PESA customer
    "254722200078": (0, "paid"),  # half an answer
}


def pay(mpesa: Callable[..., Any], ref: str, phone: str = "254708374149", *more: str, **env: str) -> Any:
    done = mpesa("pay", phone, "150", "--for", ref, *REASON, "--json", *more, env={**ON, **env})
    return done.status, json.loads(done.stdout)


def paid_at(home: Path) -> list[str]:
    """The phones that the simulator sent money to."""
    state = json.loads((home / "state" / "simulator.json").read_text())
    return [row["msisdn"] for row in state["booked"] if row["kind"] == "payout"]


def test_payouts_end_as_m_pesa_says_and_are_never_called_paid_without_it(
    mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path
) -> None:
    told = {phone: pay(mpesa, f"R-{phone}", phone, "--timeout", "20") for phone in BY_PHONE if phone[-2:] != "72"}
    told["254722200072"] = pay(mpesa, "R-254722200072", "254722200072")
    assert {phone: (status, document["state"]) for phone, (status, document) in told.items()} == BY_PHONE
    for phone, (_, state) in BY_PHONE.items():
        if state in {"review", "sent"}:
            assert pay(mpesa, f"r-{phone}", phone)[0] == 9, "whatever may have gone out is refused under its reference"
    clock.advance(1_000)
    named = mpesa("reconcile")
    assert named.status == 7
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    mpesa("reconcile", "--statement", str(statement))
    went, stands = paid_at(home), {each["msisdn"]: each["state"] for each in json.loads(
        mpesa("payouts", "--limit", "all", "--json").stdout)}
    assert sorted(set(went)) == sorted(went), "paid twice"
    assert {phone for phone, state in stands.items() if state == "paid"} == set(went)
    assert {state for phone, state in stands.items() if phone not in went} == {"unknown", "failed"}
    with ledger_of(home):
        pass


def test_in_doubt_the_same_command_is_carried_out_once(mpesa: Callable[..., Any], clock: Any, home: Path) -> None:
    assert pay(mpesa, "rent", "254722200065")[0] == 6  # under maintenance, so it never arrived
    state = json.loads((home / "state" / "simulator.json").read_text())
    assert state["booked"] == []
    clock.advance(120)
    status, again = pay(mpesa, "Rent", "254722200065")
    assert (status, again["state"], again["tries"]) == (6, "unknown", 1)
    clock.advance(24 * 3600)
    assert pay(mpesa, "rent", "254722200065")[1]["error"]["code"] == "payout-unknown"


def test_in_v1_nothing_is_repeated_and_an_app_without_v3_is_told_so(mpesa: Callable[..., Any], home: Path) -> None:
    status, error = pay(mpesa, "wages", MPESA_INITIATOR_NAME="not-entitled")
    assert (status, 'version = "v1"' in error["error"]["hint"]) == (3, True)
    v1 = {"MPESA_PAYOUTS_VERSION": "v1"}
    assert pay(mpesa, "wages", MPESA_INITIATOR_NAME="not-entitled", **v1)[0] == 0
    assert pay(mpesa, "rent", "254722200060", "--timeout", "5", **v1)[1]["state"] == "unknown"
    status, error = pay(mpesa, "rent", "254722200060", **v1)
    assert (status, error["error"]["code"]) == (9, "payout-unknown")
    assert len(paid_at(home)) == 2


def test_m_pesa_itself_is_asked_about_a_payout_whose_result_was_lost(mpesa: Callable[..., Any], clock: Any) -> None:
    pay(mpesa, "wages", "254722200051", "--timeout", "5")
    clock.advance(120)
    done = mpesa("payouts", "wages")
    assert (done.status, "PAID OUT" in done.stdout) == (0, True)


def test_a_payout_in_doubt_is_named_by_every_run_until_something_settles_it(
    mpesa: Callable[..., Any], clock: Any, tmp_path: Path
) -> None:
    pay(mpesa, "wages nov", "254722200051", "--timeout", "5")
    assert mpesa("reconcile", env={"MPESA_INITIATOR_NAME": "not-known"}).status == 0
    clock.advance(16 * 60)
    for _ in range(2):
        named = mpesa("reconcile", env={"MPESA_INITIATOR_NAME": "not-known"})
        assert (named.status, "mpesa payouts 'wages nov'" in named.stdout) == (7, True)
    everything = mpesa("reconcile", "--accept", "all", "--by", "Asha", "--reason", "checked by hand")
    assert "payout_in_doubt" not in everything.stdout
    assert mpesa("reconcile", "--open").status == 7
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    assert mpesa("reconcile", "--statement", str(statement)).status == 0
    assert json.loads(mpesa("payouts", "wages nov", "--json").stdout)["told_by"] == "statement"


def test_off_until_it_is_enabled_and_the_refusal_says_how(mpesa: Callable[..., Any]) -> None:
    done = mpesa("pay", "254708374149", "150", "--for", "wages", *REASON)
    assert (done.status, "enabled = true" in done.stderr) == (9, True)


def test_what_a_run_did_not_send_is_no_money_and_what_it_may_have_sent_is_never_called_so(
    mpesa: Callable[..., Any],
) -> None:
    assert pay(mpesa, "wages", "254722200060", "--timeout", "5", MPESA_PAYOUTS_VERSION="v1")[1]["state"] == "unknown"
    assert pay(mpesa, "WAGES", "254722200060")[1]["error"]["money_moved"] == "no", "of this run, whatever went before"
    assert pay(mpesa, "rent", "12")[1]["error"]["money_moved"] == "no"
    assert pay(mpesa, "rent", MPESA_INITIATOR_NAME="not-entitled")[1]["error"]["money_moved"] == "no"


@pytest.mark.parametrize("typed", [
    ("254708374149", "0"), ("254708374149", "1.50"), ("150", "254708374149"), ("12", "150"),
])
def test_what_is_no_phone_or_amount_sends_nothing(mpesa: Callable[..., Any], typed: tuple[str, str]) -> None:
    assert mpesa("pay", *typed, "--for", "wages", *REASON, env=ON).status == 2


def test_all_that_a_payout_lacks_is_named_at_once_and_nothing_is_sent(mpesa: Callable[..., Any]) -> None:
    bare = mpesa("pay", "254708374149", "150", env={**ON, "USER": "", "LOGNAME": "", "USERNAME": ""})
    assert bare.status == 2
    for named in ("--for", "--reason", "Nobody is named", "Right: --for", "--by 'Wanjiku'"):
        assert named in bare.stderr
    one = mpesa("pay", "254708374149", "150", *REASON, env=ON)
    assert (one.status, "--for" in one.stderr, "Missing option '--reason'" in one.stderr) == (2, True, False)
    assert json.loads(mpesa("payouts", "--json").stdout) == []


def test_a_dry_run_shows_the_request_and_stores_nothing(mpesa: Callable[..., Any], home: Path) -> None:
    status, shown = pay(mpesa, "wages", "0708374149", "--dry-run")
    assert (status, shown["body"]["PartyB"], shown["body"]["Amount"]) == (0, "254708374149", "150")
    assert "SecurityCredential" not in shown["body"]
    with ledger_of(home) as ledger:
        assert ledger.rows("SELECT count(*) FROM payouts") == [(0,)]


def test_a_list_can_be_narrowed_and_printed_in_every_form(mpesa: Callable[..., Any], clock: Any) -> None:
    pay(mpesa, "wages")
    clock.advance(60)
    pay(mpesa, "=rent", "254722200069")
    assert [row.split("\t")[1] for row in mpesa("payouts").stdout.splitlines()] == ["=rent", "wages"]
    assert "0708•••149" in mpesa("payouts", "--state", "paid", tty=True).stdout
    *_, asked, out = (" ".join(line.split()) for line in mpesa("payouts", tty=True).stdout.splitlines())
    assert (asked, out) == ("2 payouts asked KES 300", "paid out KES 150")
    narrow = mpesa("payouts", "--format", "csv", tty=True, columns="40").stdout
    assert narrow == mpesa("payouts", "--format", "csv").stdout
    only = json.loads(mpesa("payouts", "--phone", "0708374149", "--since", "today", "--json").stdout)
    assert [each["reference"] for each in only] == ["wages"]
    lines = mpesa("payouts", "--format", "ndjson", "--limit", "1").stdout.splitlines()
    assert [json.loads(each)["state"] for each in lines] == ["failed"]
    rows = list(csv.DictReader(io.StringIO(mpesa("payouts", "--format", "csv").stdout)))
    assert [row["reference"] for row in rows] == ["'=rent", "wages"]
    assert mpesa("payouts", "nothing").status == 2
    assert mpesa("payouts", "--until", "2020-01-01", "--json").stdout.strip() == "[]"
    none = mpesa("payouts", "--until", "2020-01-01")
    assert (none.stdout, "No payouts match." in none.stderr, "no real money" in none.stderr) == ("", True, True)
    assert mpesa("payouts", only[0]["receipt"].lower()).status == 0


PINS = {"Asha": "402861", "Wanjiku": "719305"}
TWO = {**ON, "MPESA_PAYOUTS_APPROVE_ABOVE": "100", "USER": "counter"}


def test_a_shop_with_two_people_pays_out_together(mpesa: Callable[..., Any], home: Path) -> None:
    for name, pin in PINS.items():
        assert mpesa("operator", "set", name, tty=True, stdin=f"{pin}\n{pin}\n", env=TWO).status == 0
    command = ("pay", "254708374149", "150", "--for", "wages", *REASON)
    asked = mpesa(*command, "--yes", tty=True, stdin="402861\n", env=TWO)
    assert (asked.status, "WAITS FOR APPROVAL" in asked.stdout) == (9, True)
    (waiting,) = json.loads(mpesa("approve", "--json", env=TWO).stdout)
    assert (waiting["reference"], waiting["msisdn"], waiting["receipt"]) == ("wages", "254708374149", None)
    assert "0708 374 149" in mpesa("approve", env=TWO).stdout, "whoever agrees compares the whole number"
    request_id = waiting["request_id"]
    for name, pin in (("Asha", "402861"), ("Wanjiku", "402861")):
        assert mpesa("approve", request_id, "--by", name, tty=True, stdin=f"{pin}\n", env=TWO).status == 9
    done = mpesa("approve", request_id, "--by", "Wanjiku", tty=True, stdin="719305\n", env=TWO)
    assert (done.status, "PAID OUT" in done.stdout) == (0, True)
    again = mpesa("approve", request_id, "--by", "Wanjiku", tty=True, stdin="719305\n", env=TWO)
    assert (again.status, len(paid_at(home))) == (9, 1)


def test_an_erased_phone_is_gone_and_its_payout_stands(
    mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path
) -> None:
    pay(mpesa, "wages", "254722200051", "--timeout", "5")
    assert mpesa("erase", "254722200051", "--yes").status == 9, "its money may still move"
    clock.advance(120)
    assert mpesa("payouts", "wages").status == 0
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    mpesa("reconcile", "--statement", str(statement))
    assert mpesa("erase", "254722200051", "--yes").status == 0
    found = json.loads(mpesa("payouts", "wages", "--json").stdout)
    assert (found["state"], found["msisdn"].startswith("erased-")) == ("paid", True)
    assert pay(mpesa, "wages", "254722200051")[1]["error"]["code"] == "paid-already"
    with ledger_of(home) as ledger:
        whole = Path(ledger.path).read_bytes()
        assert b"722200051" not in whole
        assert b"2547*****0051" not in whole, "what M-PESA told of the receiver"
        assert b"2547****0051" not in whole, "what its statement shows"


def test_an_erased_phone_that_stands_in_a_reference_is_not_paid_for_it_again(
    mpesa: Callable[..., Any], home: Path
) -> None:
    pay(mpesa, "wages 0708374149")
    assert mpesa("erase", "254708374149", "--yes").status == 7, "the reference is chained, and stays"
    assert pay(mpesa, "wages 0708374149")[1]["error"]["code"] == "paid-already"
    assert len(paid_at(home)) == 1
    assert mpesa("audit", "verify").status == 0
