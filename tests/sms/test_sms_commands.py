"""Receipts by SMS through the public commands, on the simulator."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_providers import (
    API_KEY,
    PARTNER_ID,
    SENDER_ID,
    USERNAME,
    AfricasTalkingHandler,
    PartnerIdHandler,
    Provider,
    serving,
)

PAYS = "254708374149"
ON = {"MPESA_SMS_SEND_RECEIPTS": "true"}
Run = Callable[..., Any]


@pytest.fixture
def at() -> Iterator[Provider]:
    with serving(AfricasTalkingHandler) as provider:
        yield provider


def africas_talking(provider: Provider) -> dict[str, str]:
    return ON | {
        "MPESA_SMS_PROVIDER": "africas_talking", "MPESA_SMS_USERNAME": USERNAME, "MPESA_SMS_SENDER_ID": SENDER_ID,
        "MPESA_SMS_BASE_URL": provider.url, "MPESA_SMS_API_KEY": API_KEY,
    }


def lines(home: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in home.rglob("*-sms.txt") for line in file.read_text(encoding="utf-8").splitlines()
    ]


def test_a_paid_push_leaves_exactly_one_line_whatever_is_asked_afterwards(mpesa: Run, home: Path, clock: Any) -> None:
    pushed = mpesa("push", PAYS, "100", "--order", "demo-1", env=ON)
    assert pushed.status == 0
    assert "SMS receipt for order demo-1 sent to 0708•••149 (1 part)." in pushed.stderr
    assert "SMS" not in pushed.stdout
    assert mpesa("push", PAYS, "100", "--order", "demo-1", env=ON).status == 9
    for _ in range(5):
        clock.advance(120)
        assert mpesa("status", "demo-1", env=ON).status == 0
    (line,) = lines(home)
    receipt = re.search(r"^receipt\t([A-Z0-9]{10})$", pushed.stdout, re.MULTILINE)
    assert receipt is not None
    assert line["to"] == PAYS
    assert line["text"].startswith("Demo Shop (SIMULATOR, no real money): KES 100 received from 0708***149, 24/11/26 ")
    assert line["text"].endswith(f"M-PESA receipt {receipt[1]}. Order demo-1. Thank you.")


def test_a_callback_that_comes_twice_brings_one_sms(mpesa: Run, home: Path, clock: Any) -> None:
    assert mpesa("push", "254722200004", "100", "--order", "twice", env=ON).status == 0
    clock.advance(30)
    assert mpesa("status", "twice", env=ON).status == 0
    assert len(lines(home)) == 1


@pytest.mark.parametrize("phone", ["254700001032", "254700000001", "254700002001"])
def test_a_payment_that_fails_brings_no_sms(mpesa: Run, home: Path, phone: str) -> None:
    assert mpesa("push", phone, "100", "--order", "no", env=ON).status == 3
    assert lines(home) == []


def test_without_send_receipts_nothing_is_sent_nor_staged(mpesa: Run, home: Path) -> None:
    pushed = mpesa("push", PAYS, "100", "--order", "demo-1")
    assert pushed.status == 0
    assert "SMS" not in pushed.stderr
    assert mpesa("status", "demo-1", env=ON).status == 0
    assert lines(home) == []


def test_the_customers_language_is_the_profiles(mpesa: Run, home: Path) -> None:
    mpesa("push", PAYS, "100", "--order", "demo-1", env=ON | {"MPESA_LANGUAGE": "sw"})
    assert "Tumepokea KES 100 kutoka 0708***149" in lines(home)[0]["text"]


def test_a_status_that_finds_the_payment_paid_sends_the_receipt(mpesa: Run, home: Path, clock: Any) -> None:
    assert mpesa("push", PAYS, "100", "--order", "later", "--no-wait", env=ON).status == 0
    assert lines(home) == []
    clock.advance(10)
    assert "SMS receipt for order later sent" in mpesa("status", "later", env=ON).stderr
    assert len(lines(home)) == 1


def test_a_paid_retry_brings_one_receipt(mpesa: Run, home: Path, clock: Any) -> None:
    assert mpesa("push", "254700001032", "100", "--order", "again", env=ON).status == 3
    clock.advance(300)
    assert mpesa("retry", "again", "--phone", PAYS, env=ON).status == 0
    assert [line["to"] for line in lines(home)] == [PAYS]


def test_receipts_go_through_africas_talking_with_their_cost(mpesa: Run, at: Provider) -> None:
    pushed = mpesa("push", PAYS, "100", "--order", "demo-1", env=africas_talking(at))
    assert pushed.status == 0
    assert "(1 part, KES 0.8000)" in pushed.stderr
    assert at.phones() == [PAYS]


def test_receipts_go_through_the_partner_family(mpesa: Run) -> None:
    with serving(PartnerIdHandler) as provider:
        env = africas_talking(provider) | {"MPESA_SMS_PROVIDER": "partner_id", "MPESA_SMS_PARTNER_ID": PARTNER_ID}
        assert mpesa("push", PAYS, "100", "--order", "demo-1", env=env).status == 0
        assert provider.phones() == [PAYS]


@pytest.mark.parametrize("trouble", ["drop", "html", "before-401", "before-503", "no key", "no username", "nobody"])
def test_no_trouble_with_an_sms_touches_the_payment_its_output_or_its_exit_status(
    mpesa: Run, at: Provider, trouble: str, tmp_path: Path
) -> None:
    env = africas_talking(at)
    at.fault = trouble
    if trouble == "no key":
        del env["MPESA_SMS_API_KEY"]
    if trouble == "no username":
        del env["MPESA_SMS_USERNAME"]
    if trouble == "nobody":
        env["MPESA_SMS_BASE_URL"] = "http://127.0.0.1:9"
    pushed = mpesa("push", PAYS, "100", "--order", "demo-1", "--json", env=env)
    assert pushed.status == 0
    assert json.loads(pushed.stdout)["status"] == "paid"
    assert "SMS receipt" in pushed.stderr
    assert API_KEY not in pushed.stdout + pushed.stderr


def test_the_key_is_in_no_file_and_no_output(mpesa: Run, at: Provider, home: Path) -> None:
    said = ""
    for fault in ("", "drop", "before-401", "garbage"):
        at.fault = fault
        for argv in (("push", PAYS, "100", "--order", f"o-{fault}", "-vv"), ("receipt", f"o-{fault}", "--sms", "-vv")):
            ran = mpesa(*argv, env=africas_talking(at))
            said += ran.stdout + ran.stderr
    assert API_KEY not in said
    for file in home.rglob("*"):
        assert file.is_dir() or API_KEY.encode() not in file.read_bytes(), file


def test_an_sms_is_sent_again_where_it_failed_and_the_list_says_which(mpesa: Run, at: Provider, clock: Any) -> None:
    env = africas_talking(at)
    at.fault = "before-400"
    pushed = mpesa("push", PAYS, "100", "--order", "demo-1", env=env)
    assert "mpesa receipt demo-1 --sms" in pushed.stderr
    listed = mpesa("receipt", "--failed", "--json", env=env)
    assert [(row["order_id"], row["state"], row["code"]) for row in json.loads(listed.stdout)] == [
        ("demo-1", "given_up", "http-400")
    ]
    assert mpesa("receipt", "--failed", env=env).stdout.startswith("demo-1\tgiven_up\t2026-11-24T")
    at.fault = ""
    sent = mpesa("receipt", "demo-1", "--sms", "--json", env=env)
    assert sent.status == 0
    assert json.loads(sent.stdout) == {
        "payment_id": json.loads(mpesa("status", "demo-1", "--json", env=env).stdout)["payment_id"],
        "order_id": "demo-1", "environment": "simulator",
        "sms": {"state": "done", "to": PAYS, "parts": 1, "cost": "KES 0.8000", "message_id": "ATXid_000001"},
    }
    assert "units of GSM-7, 1 part" in sent.stderr
    assert mpesa("receipt", "--failed", "--json", env=env).stdout.strip() == "[]"
    assert at.phones() == [PAYS]


def test_a_second_sms_needs_a_copy_or_another_phone(mpesa: Run, at: Provider) -> None:
    env = africas_talking(at)
    mpesa("push", PAYS, "100", "--order", "demo-1", env=env)
    refused = mpesa("receipt", "demo-1", "--sms", "--json", env=env)
    assert refused.status == 9
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], error["money_moved"]) == ("receipt-already-sent", "yes")
    assert mpesa("receipt", "demo-1", "--sms", "--copy", env=env).status == 0
    assert mpesa("receipt", "demo-1", "--sms", "--to", "0711 111 111", "--language", "sw", env=env).status == 0
    assert at.phones() == [PAYS, PAYS, "254711111111"]
    assert ": COPY. KES" in at.taken[1][1]
    assert ": NAKALA. Tumepokea" in at.taken[2][1]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("drop", 5, "sms-in-doubt"), ("before-503", 5, "sms-in-doubt"), ("before-401", 5, "sms-not-sent"),
     ("before-400", 3, "sms-refused"), ("nobody", 3, "sms-refused")],
)
def test_an_sms_on_demand_exits_by_what_became_of_it(
    mpesa: Run, at: Provider, fault: str, status: int, code: str
) -> None:
    mpesa("push", PAYS, "100", "--order", "demo-1")
    at.fault = fault
    ran = mpesa("receipt", "demo-1", "--sms", "--json", env=africas_talking(at))
    error = json.loads(ran.stdout)["error"]
    assert (ran.status, error["code"], error["money_moved"]) == (status, code, "yes")
    assert "mpesa receipt demo-1 --sms" in error["hint"]


def test_an_sms_on_demand_needs_no_setting_but_a_payment_that_is_paid(mpesa: Run, home: Path) -> None:
    mpesa("push", PAYS, "100", "--order", "demo-1")
    assert mpesa("receipt", "demo-1", "--sms").status == 0
    assert len(lines(home)) == 1
    mpesa("push", "254700001032", "100", "--order", "no")
    refused = mpesa("receipt", "no", "--sms")
    assert refused.status == 9
    assert "failed" in refused.stderr
    assert mpesa("receipt", "demo-1", "--sms", "--copy", env={"MPESA_SMS_PROVIDER": "none"}).status == 10
    assert len(lines(home)) == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("receipt", "--sms"), ("receipt",), ("receipt", "1", "--to", PAYS), ("receipt", "1", "--failed"),
        ("receipt", "1", "--sms", "--output", "a.txt"), ("receipt", "1", "--sms", "--printer", "/dev/null"),
    ],
)
def test_options_that_say_nothing_or_too_much_are_refused(mpesa: Run, argv: tuple[str, ...]) -> None:
    assert mpesa(*argv).status == 2


def test_a_wrong_number_for_the_copy_is_refused_before_anything_is_staged(mpesa: Run, home: Path) -> None:
    mpesa("push", PAYS, "100", "--order", "demo-1")
    assert mpesa("receipt", "demo-1", "--sms", "--to", "12345").status == 2
    assert mpesa("receipt", "--failed", "--json").stdout.strip() == "[]"
    assert lines(home) == []


def test_the_provider_waits_for_its_key_and_then_all_receipts_go_out(mpesa: Run, at: Provider, clock: Any) -> None:
    env = africas_talking(at)
    keyless = {name: value for name, value in env.items() if name != "MPESA_SMS_API_KEY"}
    for number in range(3):
        pushed = mpesa("push", PAYS, f"{100 + number}", "--order", f"o-{number}", env=keyless)
        assert "sms-api-key" in pushed.stderr
        clock.advance(200)
    mpesa("status", "o-0", env=env)
    assert len(at.taken) == 3


def test_two_real_processes_that_look_at_once_send_one_sms(cli: Run, home: Path, at: Provider) -> None:
    keyless = {name: value for name, value in africas_talking(at).items() if name != "MPESA_SMS_API_KEY"}
    assert cli("push", PAYS, "100", "--order", "demo-1", env=keyless).status == 0
    environ = {**os.environ, "MPESA_HOME": str(home), **africas_talking(at)}
    at.delay_s = 0.2
    looking = [
        subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", "status", "demo-1"], env=environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [process.wait() for process in looking] == [0] * 4
    assert at.phones() == [PAYS]


def test_a_push_without_sms_loads_nothing_of_it(home: Path) -> None:
    code = (
        "import sys\n"
        "from mpesa_cli.cli.app import main\n"
        f"assert main(['push', '{PAYS}', '100', '--order', 'demo-1']) == 0\n"
        "loaded = [m for m in sys.modules if m.startswith('mpesa_cli.sms')]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "MPESA_HOME": str(home)}, capture_output=True, text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
