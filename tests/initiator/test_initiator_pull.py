"""Pull Transactions: every documented shape, every page, and rows as the books want them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import PAYS, body, paid
from simulated_daraja import START_US, VirtualDaraja, payload, shape

from mpesa_cli.daraja.pull import pull_rows, register, register_body
from mpesa_cli.floor.errors import InvalidInput, RequestRefused, Temporary
from mpesa_cli.floor.world import World

HOUR_US = 3_600_000_000


class Says:
    """A Daraja that answers with these, in their order."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []

    def post(self, path: str, body: Mapping[str, str]) -> tuple[int, bytes]:
        self.asked.append(dict(body))
        status, said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()


class Simulated:
    """The simulator's own answers."""

    def __init__(self, daraja: VirtualDaraja) -> None:
        self.daraja = daraja
        self.asked = 0

    def post(self, path: str, body: Mapping[str, str]) -> tuple[int, bytes]:
        self.asked += "query" in path
        reply = self.daraja.post(path, dict(body))
        return reply.status, reply.body


def pulled(says: Any, shortcode: str = "174379", *, hours: float = 24, slept: list[float] | None = None) -> list[Any]:
    kept = [] if slept is None else slept
    return list(pull_rows(says, shortcode, START_US - int(hours * HOUR_US), START_US, World(sleep=kept.append)))


def found(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"ResponseRefID": "1", "ResponseCode": "1000", "Response": [list(rows)], **more}


EMPTY = (200, body("pull-query.response.empty"))
ROW = json.loads(body("pull-query.response.ok"))["Response"][0][0]


def test_the_documented_page_is_read_and_the_empty_one_ends_it() -> None:
    says = Says((200, body("pull-query.response.ok")), EMPTY)
    (row,) = pulled(says)
    assert (row.receipt, row.kind, row.amount_cents, row.account, row.party) == (
        "UKO4Q7X81C", "received", 50_000, "INV-00418", "254722000000",
    )
    assert set(says.asked[0]) == set(payload("pull-query.request"))
    assert (says.asked[0]["StartDate"], says.asked[0]["EndDate"]) == ("2026-11-23 10:30:00", "2026-11-24 10:30:00")
    assert [asked["OffSetValue"] for asked in says.asked] == ["0", "1"]


@pytest.mark.parametrize("page", [
    {"ResponseCode": "1000", "Response": [ROW]}, {"responsecode": 1000, "RESPONSE": [[ROW]]},
    {"Response Code": "1000", "response": [[ROW]]}, found({key.upper(): value for key, value in ROW.items()}),
    found({**ROW, "amount": 500}), found({**ROW, "amount": 500.00}), found({**ROW, "msisdn": "0722000000"}),
])
def test_every_spelling_of_a_page_means_the_same(page: dict[str, Any]) -> None:
    (row,) = pulled(Says((200, page), EMPTY))
    assert (row.receipt, row.amount_cents, row.party) == ("UKO4Q7X81C", 50_000, "254722000000")


@pytest.mark.parametrize(("msisdn", "party"), [
    (72200000, ""), ("2547 **** 149", "2547****149"), ("a" * 64, ""), (None, ""), (254708374149, PAYS), (True, ""),
])
def test_a_number_that_was_cut_or_hashed_is_left_out_rather_than_guessed(msisdn: Any, party: str) -> None:
    assert pulled(Says((200, found({**ROW, "msisdn": msisdn})), EMPTY))[0].party == party


def test_junk_of_the_sandbox_is_a_row_all_the_same() -> None:
    junk = {"transactionId": "yzlyrEsrty-9", "trxDate": "no date", "amount": "168.00", "transactiontype": "abc"}
    (row,) = pulled(Says((200, found(junk)), EMPTY))
    assert (row.receipt, row.completed_us, row.kind, row.amount_cents) == ("YZLYRESRTY9", 0, "other", 16_800)


@pytest.mark.parametrize("broken", [
    {"amount": "much"}, {"amount": None}, {"transactionId": None}, {"transactionId": "--"},
])
def test_money_that_cant_be_read_is_an_error_and_never_skipped(broken: dict[str, Any]) -> None:
    with pytest.raises(Temporary) as caught:
        pulled(Says((200, found(ROW, {**ROW, **broken})), EMPTY))
    assert caught.value.code == "pull-unreadable"


def test_a_server_that_ignores_the_offset_does_not_make_it_endless() -> None:
    assert len(pulled(Says((200, found(ROW))))) == 1


def test_a_reversal_is_money_that_went() -> None:
    (row,) = pulled(Says((200, found({**ROW, "transactiontype": "c2b-pay-bill-reversal"})), EMPTY))
    assert (row.kind, row.amount_cents) == ("reversal", -50_000)


def test_what_fails_is_asked_again_for_it_only_reads() -> None:
    slept: list[float] = []
    assert len(pulled(Says((503, b"<html>"), (500, b"{}"), (200, found(ROW)), EMPTY), slept=slept)) == 1
    assert slept == [1.0, 2.0, 0.5]  # and a pause before the next page
    with pytest.raises(Temporary):
        pulled(Says((503, b"<html>")))


def test_nothing_found_is_told_in_three_ways() -> None:
    none = {"requestId": "1", "errorCode": "500.001", "errorMessage": "No transactions found"}
    for nothing in (EMPTY, (200, found()), (500, none)):
        assert pulled(Says(nothing)) == []


def test_a_shortcode_that_is_wrong_or_not_registered_is_told_apart() -> None:
    with pytest.raises(RequestRefused) as caught:
        pulled(Says((400, body("pull-query.error.400"))))
    assert caught.value.code == "pull-refused"
    with pytest.raises(RequestRefused) as caught:
        pulled(Simulated(VirtualDaraja()))
    assert caught.value.code == "pull-not-registered"
    assert "mpesa pull-register" in caught.value.hint


@pytest.mark.parametrize("hours", [48.1, 0, -1])
def test_more_than_two_days_are_refused_before_anything_is_asked(hours: float) -> None:
    says = Says(EMPTY)
    with pytest.raises(InvalidInput):
        pulled(says, hours=hours)
    assert says.asked == []


def test_all_pages_of_the_simulator_come_once_each() -> None:
    daraja = VirtualDaraja()
    simulated = Simulated(daraja)
    assert register(simulated, register_body("174379", PAYS, "https://pay.example.co.ke"))
    daraja.now_us -= HOUR_US
    for number in range(230):
        daraja.push(f"254712{number:06}", 100 + number)
        daraja.run(5)
    daraja.now_us = START_US
    rows = pulled(simulated)
    assert sorted(row.amount_cents // 100 for row in rows) == list(range(100, 330))
    assert {row.receipt for row in rows} == {prompt.receipt for prompt in daraja.state.prompts.values()}
    assert simulated.asked == 4  # 100, 100, 30, none


@pytest.mark.parametrize(("answer", "fresh"), [
    ("pull-register.response.ok", True), ("pull-register.response.ok.nospace", True),
    ("pull-register.response.already", False),
])
def test_being_registered_before_is_as_good_as_now(answer: str, fresh: bool) -> None:
    assert register(Says((200, body(answer))), register_body("600984", PAYS, "https://x.example")) is fresh


def test_the_simulators_answers_have_the_documented_shapes() -> None:
    daraja = VirtualDaraja()
    request = {**payload("pull-register.request"), "ShortCode": "174379", "NominatedNumber": PAYS}
    for name in ("pull-register.response.ok", "pull-register.response.already"):
        assert shape(json.loads(daraja.post("/pulltransactions/v1/register", request).body)) == shape(payload(name))
    daraja.accepted()
    daraja.run(10)
    window = {"StartDate": "2026-11-24 10:00:00", "EndDate": "2026-11-24 11:00:00"}
    asked = {**payload("pull-query.request"), "ShortCode": "174379", **window}
    told = json.loads(daraja.post("/pulltransactions/v1/query", asked).body)
    assert shape(told) == shape(payload("pull-query.response.ok"))
    asked["OffSetValue"] = "1"
    told = json.loads(daraja.post("/pulltransactions/v1/query", asked).body)
    assert told | {"ResponseRefID": ""} == payload("pull-query.response.empty") | {"ResponseRefID": ""}
    wrong = json.loads(daraja.post("/pulltransactions/v1/query", {**asked, "ShortCode": "x"}).body)
    assert shape(wrong) == shape(payload("pull-query.error.400"))


def test_pull_register_is_done_once_and_asks_in_production(mpesa: Any, home: Path) -> None:
    for fresh in (True, False):
        done = mpesa("pull-register", "--nominated", "0708374149", "--json")
        assert (done.status, json.loads(done.stdout)["new"]) == (0, fresh)
    dry = mpesa("pull-register", "--nominated", "0708374149", "--dry-run")
    assert set(json.loads(dry.stdout)["body"]) == set(payload("pull-register.request"))
    environ = {"MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247", "APP_URL": "https://x.example"}
    done = mpesa("pull-register", "--nominated", "0708374149", "--json", env=environ)
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (9, "needs-yes")


def test_the_runtime_gives_rows_of_the_profiles_shortcode(mpesa: Any, clock: Any, home: Path) -> None:
    import io

    from mpesa_cli.runtime import Runtime
    from mpesa_cli.terminal.streams import Streams

    receipt = paid(mpesa, "1042")
    mpesa("pull-register", "--nominated", PAYS)
    environ = {"MPESA_HOME": str(home)}
    streams = Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ)
    runtime = Runtime(streams=streams, environ=environ, world=World(clock.now_us, clock.sleep))
    profile = runtime.profile()
    rows = list(
        pull_rows(runtime.daraja(profile), profile.shortcode, clock.now - HOUR_US, clock.now, runtime.world)
    )
    runtime.close()
    assert [(row.receipt, row.account) for row in rows] == [(receipt, "1042")]
