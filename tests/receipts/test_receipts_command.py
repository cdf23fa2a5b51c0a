"""``mpesa receipt``: for what is paid, in every form and place; for nothing else."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime

Run = Callable[..., Any]
AT_US = 1_795_505_400_000_000
SECOND_US = 1_000_000


@pytest.fixture
def ledger(home: Path) -> Any:
    profile = Runtime(environ={"MPESA_HOME": str(home)}).profile()
    opened = Ledger(profile.ledger, environment="simulator", token_hex=lambda n: os.urandom(n).hex())
    yield opened
    opened.close()


def open_order(ledger: Ledger, order: str, *facts: ev.Evidence, channel: str = "stk") -> AttemptRef:
    intent = Intent(f"PAY-{order}", order, "simulator", "174379", 150_000, "254708374149", "TABLE-4", "Lunch",
                    f"{order:0>64}" if channel == "stk" else "")
    with ledger.write() as tx:
        if channel == "stk":
            tx.open_payment(Start(intent), AT_US)
            ref = AttemptRef(intent.payment_id, 1)
        else:
            ref = tx.open_received(intent, AT_US)
        for fact in facts:
            tx.append(ref, fact)
    return ref


SENT = (ev.Sending(AT_US, 1), ev.Accepted(AT_US, 1, "m-1", "ws_CO_1"))


def came(receipt: str, cents: int = 150_000, source: ev.Source = "callback") -> ev.Received:
    return ev.Received(AT_US + 12 * SECOND_US, source, receipt, cents, AT_US + 12 * SECOND_US, msisdn="254708374149")


@pytest.fixture
def paid(mpesa: Run) -> str:
    """An order that the simulator's customer paid, and its M-PESA receipt."""
    done = mpesa("push", "254708374149", "1500", "--order", "1042", "--yes", "--json")
    return str(json.loads(done.stdout)["receipt"])


def test_every_format_tells_of_the_same_payment(mpesa: Run, cli: Run, paid: str, tmp_path: Path) -> None:
    text = mpesa("receipt", "1042").stdout
    document = json.loads(mpesa("receipt", "1042", "--json").stdout)
    html = mpesa("receipt", "1042", "--format", "html").stdout
    for told in (text, html, json.dumps(document)):
        assert paid in told
        assert "One thousand five hundred shillings only" in " ".join(told.split())
        assert "SIMULATOR" in told.upper()
        assert "254708374149" not in told
        assert "708374" not in told
    assert document["amount"] == 1500
    assert document["receipts"] == [paid]
    printed = tmp_path / "r.prn"
    assert mpesa("receipt", "1042", "--output", str(printed)).status == 0
    assert paid.encode() in printed.read_bytes()


@pytest.mark.parametrize("name", ["r.txt", "r.html", "r.HTM", "r.pdf", "r.json", "r.escpos", "r.prn", "r.bin"])
def test_the_format_follows_the_name_and_the_file_is_private(mpesa: Run, paid: str, tmp_path: Path, name: str) -> None:
    begins = {"txt": b" ", "html": b"<!doctype", "htm": b"<!doctype", "pdf": b"%PDF", "json": b"{"}
    target = tmp_path / name
    assert mpesa("receipt", "1042", "-o", str(target)).status == 0
    assert target.read_bytes().startswith(begins.get(target.suffix.lower()[1:], b"\x1b@"))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [name]


def test_a_file_that_exists_is_left_alone_unless_forced(mpesa: Run, paid: str, tmp_path: Path) -> None:
    target = tmp_path / "r.txt"
    target.write_text("mine")
    refused = mpesa("receipt", "1042", "-o", str(target), "--language", "sw")
    assert refused.status == 9
    assert target.read_text() == "mine"
    assert f"mpesa receipt 1042 --output {target} --language sw --force" in refused.stderr
    assert "The money has come in." in refused.stderr
    assert mpesa("receipt", "1042", "-o", str(target), "--force").status == 0
    assert paid in target.read_text()


def test_a_folder_that_is_not_there_is_named_and_nothing_is_left(mpesa: Run, paid: str, tmp_path: Path) -> None:
    refused = mpesa("receipt", "1042", "-o", str(tmp_path / "none" / "r.pdf"), "--json", "--format", "json")
    assert refused.status == 2
    assert json.loads(refused.stdout)["error"]["code"] == "file-unwritable"
    assert json.loads(refused.stdout)["error"]["money_moved"] == "yes"


def test_what_cannot_be_meant_is_refused(mpesa: Run, paid: str, tmp_path: Path) -> None:
    for options in (
        ["-o", "receipt"], ["-o", "receipt.docx"], ["--paper", "a5"], ["--paper", "a5", "--format", "escpos"],
        ["-o", "r.txt", "--printer", "tcp://127.0.0.1:9100"], ["--json", "--format", "pdf"], ["--paper", "76"],
        ["--language", "fr"],
    ):
        assert mpesa("receipt", "1042", *options).status == 2, options
    assert mpesa("receipt", "nobody").status == 2


def test_copy_language_and_paper_reach_the_paper(mpesa: Run, paid: str) -> None:
    swahili = mpesa("receipt", "1042", "--language", "sw", "--copy", "--paper", "58").stdout
    assert "RISITI (NAKALA)" in swahili
    assert max(map(len, swahili.splitlines())) <= 32
    assert "COPY" not in mpesa("receipt", "1042").stdout


def test_the_profiles_language_is_spoken_unless_another_is_named(mpesa: Run) -> None:
    kiswahili = {"MPESA_LANGUAGE": "sw", "MPESA_ENVIRONMENT": "simulator"}
    assert mpesa("push", "254708374149", "100", "--order", "9", "--yes", env=kiswahili).status == 0
    assert "RISITI" in mpesa("receipt", "9", env=kiswahili).stdout
    assert "RECEIPT" in mpesa("receipt", "9", "--language", "en", env=kiswahili).stdout


def test_a_screen_gets_bold_and_never_bytes_for_printers(mpesa: Run, cli: Run, paid: str) -> None:
    assert "\x1b[1m" in mpesa("receipt", "1042", tty=True).stdout
    assert "\x1b" not in mpesa("receipt", "1042", tty=True, env={"NO_COLOR": "1"}).stdout
    for form in ("pdf", "escpos"):
        refused = mpesa("receipt", "1042", "--format", form, tty=True)
        assert refused.status == 2
        assert "--output" in refused.stderr


def test_a_pipe_gets_the_very_bytes(home: Path, paid: str, tmp_path: Path) -> None:
    for form in ("pdf", "escpos"):
        target = tmp_path / f"r.{form}"
        environ = {**os.environ, "MPESA_HOME": str(home)}
        command = [sys.executable, "-m", "mpesa_cli", "receipt", "1042", "--format", form]
        piped = subprocess.run(command, env=environ, capture_output=True, check=True).stdout
        subprocess.run([*command, "-q", "-o", str(target)], env=environ, check=True)
        assert piped == target.read_bytes()


@pytest.mark.parametrize(
    ("facts", "code", "moved", "words"),
    [
        ((), "not-paid", "unknown", "pending"),
        (SENT, "not-paid", "unknown", "mpesa status 7"),
        ((ev.Sending(AT_US, 1), ev.SenderLost(AT_US, 1)), "not-paid", "unknown", "unknown"),
        ((*SENT, ev.CallbackFailed(AT_US, "1032", "No.")), "not-paid", "no", "mpesa retry 7"),
        ((*SENT, came("UK1", cents=100)), "not-paid", "unknown", "review"),
        ((*SENT, ev.QueryAnswered(AT_US, "0", "ok")), "receipt-unconfirmed", "yes", "mpesa status 7"),
        ((*SENT, ev.Decided(AT_US, "paid", "owner", "saw the SMS")), "receipt-unconfirmed", "yes", "unconfirmed"),
    ],
)
def test_what_is_not_paid_for_certain_has_no_receipt(
    mpesa: Run, ledger: Ledger, tmp_path: Path, facts: tuple[ev.Evidence, ...], code: str, moved: str, words: str
) -> None:
    open_order(ledger, "7", *facts)
    target = tmp_path / "r.pdf"
    refused = mpesa("receipt", "7", "-o", str(target), "--format", "json", "--json")
    assert refused.status == 9
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], error["money_moved"]) == (code, moved)
    assert words in error["message"] + error["hint"]
    assert not target.exists()


def test_part_of_the_money_is_no_receipt_either(mpesa: Run, ledger: Ledger) -> None:
    ref = open_order(ledger, "7", *SENT, ev.CallbackFailed(AT_US, "1032", "No."))
    with ledger.write() as tx:
        part = tx.add_received(ref.payment_id, "254708374149", 50_000, AT_US)
        tx.append(part, came("UK1", 50_000, "c2b"))
    refused = mpesa("receipt", "7")
    assert refused.status == 9
    assert "KES 500 of KES 1,500" in refused.stderr


def test_money_that_came_twice_is_all_on_the_receipt_and_what_is_owed_too(mpesa: Run, ledger: Ledger) -> None:
    ref = open_order(ledger, "7", *SENT, came("UK1"))
    with ledger.write() as tx:
        again = tx.add_received(ref.payment_id, "254708374149", 150_000, AT_US + SECOND_US)
        tx.append(again, came("UK2", 150_000, "c2b"))
    document = json.loads(mpesa("receipt", "7", "--json").stdout)
    assert (document["receipts"], document["amount"], document["owed"]) == (["UK1", "UK2"], 3_000, 1_500)
    text = mpesa("receipt", "UK2").stdout
    assert "To give back" in text
    assert "KES 3,000" in text


def test_what_was_paid_by_hand_names_the_account_and_no_order_of_ours(mpesa: Run, ledger: Ledger) -> None:
    open_order(ledger, "C2B-UK1", came("UK1", source="c2b"), channel="c2b")
    document = json.loads(mpesa("receipt", "UK1", "--json").stdout)
    assert (document["order_id"], document["account_reference"]) == (None, "TABLE-4")
    assert "Order" not in mpesa("receipt", "UK1").stdout


def test_a_till_is_named_by_the_number_that_customers_pay_to(mpesa: Run) -> None:
    till = {
        "MPESA_ENVIRONMENT": "simulator", "MPESA_KIND": "till", "MPESA_SHORTCODE": "174379",
        "MPESA_TILL": "5012345", "MPESA_SHOP_NAME": "Duka la Mama",
    }
    assert mpesa("push", "254708374149", "100", "--order", "9", "--yes", env=till).status == 0
    document = json.loads(mpesa("receipt", "9", "--json", env=till).stdout)
    assert (document["kind"], document["number"], document["shop_name"]) == ("till", "5012345", "Duka la Mama")


def test_a_missing_extra_is_named_with_the_line_that_installs_it(
    mpesa: Run, paid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, form, extra in (("fpdf", "pdf", "pdf"), ("escpos.printer", "escpos", "printer")):
        monkeypatch.setitem(sys.modules, module, None)
        refused = mpesa("receipt", "1042", "-o", str(tmp_path / f"r.{form}"))
        assert refused.status == 10
        package = {"pdf": "fpdf2", "printer": "python-escpos"}[extra]
        assert f"{sys.executable} -m pip install {package}" in refused.stderr.replace("'", "")
        assert "The money has come in." in refused.stderr
    assert mpesa("receipt", "1042").status == 0
