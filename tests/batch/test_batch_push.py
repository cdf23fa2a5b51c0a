"""`push --from`: sends what was never sent, at the profile's rate, one prompt at a time on a phone, and tells all."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from mpesa_cli.batch.plan import RowStatus, batch_status
from mpesa_cli.floor.errors import ExitStatus

Run = Callable[..., Any]
File = Callable[..., str]
Asked = Callable[[], Counter[str]]
Prompts = Callable[[], list[dict[str, Any]]]
SECOND_US = 1_000_000
HEADING = "phone,amount,order"
THREE = [HEADING, "254722200050,100,a", "254722200051,200,b", "254722200052,300,c"]


def results(result: Any) -> dict[str, str]:
    return {row["order_id"]: row["result"] for row in json.loads(result.stdout)}


def test_every_row_is_asked_once_and_exit_0_says_all_were_accepted(mpesa: Run, csv_file: File, asked: Asked) -> None:
    result = mpesa("push", "--from", csv_file(THREE), "--json")
    assert result.status == 0, result.stderr
    assert asked() == {"a": 1, "b": 1, "c": 1}
    rows = json.loads(result.stdout)
    assert [(r["line"], r["order_id"], r["amount"], r["result"], r["asked"]) for r in rows] == [
        (2, "a", 100, "accepted", True), (3, "b", 200, "accepted", True), (4, "c", 300, "accepted", True),
    ]
    assert {r["payment"]["environment"] for r in rows} == {"simulator"}


def test_the_same_file_again_asks_nobody(mpesa: Run, csv_file: File, asked: Asked, clock: Any) -> None:
    path = csv_file(THREE)
    mpesa("push", "--from", path)
    for _ in range(2):
        again = mpesa("push", "--from", path, "--json")
        assert again.status == 0
        assert asked() == {"a": 1, "b": 1, "c": 1}
        clock.advance(300)
    assert results(again) == {"a": "paid", "b": "paid", "c": "paid"}
    assert all(row["reason"].startswith("already paid, receipt ") for row in json.loads(again.stdout))


def test_rows_that_were_added_are_sent_and_the_others_are_shown(
    mpesa: Run, csv_file: File, asked: Asked, clock: Any
) -> None:
    mpesa("push", "254722200050", "100", "--order", "a")
    mpesa("push", "254700001032", "100", "--order", "no")
    mpesa("push", "254700004999", "100", "--order", "open", "--no-wait")
    path = csv_file([*THREE, "254700001032,100,no", "254700004999,100,open"])
    result = mpesa("push", "--from", path, "--json")
    assert results(result) == {"a": "paid", "b": "accepted", "c": "accepted", "no": "failed", "open": "accepted"}
    reasons = {row["order_id"]: row["reason"] for row in json.loads(result.stdout)}
    assert reasons["no"] == "asked already, not paid: mpesa retry no"
    assert reasons["open"] == "asked already, the customer has not answered yet"
    assert asked() == {"a": 1, "b": 1, "c": 1, "no": 1, "open": 1}
    assert result.status == 7


def test_an_order_with_other_terms_stops_everything(mpesa: Run, csv_file: File, asked: Asked) -> None:
    mpesa("push", "254722200050", "999", "--order", "a")
    result = mpesa("push", "--from", csv_file(THREE), "--yes")
    assert result.status == 2
    assert "line 2: Order a is in the ledger as KES 999 from 0722•••050, not KES" in result.stderr
    assert asked() == {"a": 1}


def test_the_rate_is_the_profiles(mpesa: Run, csv_file: File, prompts: Prompts) -> None:
    mpesa("push", "--from", csv_file(THREE), env={"MPESA_RATE_PER_S": "0.2"})
    times = [p["accepted_us"] for p in prompts()]
    assert all(b - a >= 5 * SECOND_US for a, b in pairwise(times))


def test_by_default_one_a_second(mpesa: Run, csv_file: File, prompts: Prompts) -> None:
    mpesa("push", "--from", csv_file(THREE))
    times = [p["accepted_us"] for p in prompts()]
    assert [round((b - a) / SECOND_US) for a, b in pairwise(times)] == [1, 1]


def test_rows_of_a_busy_phone_wait_and_the_others_go_on(mpesa: Run, csv_file: File, prompts: Prompts) -> None:
    phone = "254722200050"
    lines = [f"{phone},100,a", f"{phone},100,b", f"{phone},200,c", "254722200051,100,d", "254722200052,100,e"]
    result = mpesa("push", "--from", csv_file([HEADING, *lines]))
    assert result.status == 0, result.stderr
    record = prompts()
    assert [p["account_reference"] for p in record] == ["a", "d", "e", "b", "c"]
    at = {str(p["account_reference"]): p["accepted_us"] / SECOND_US for p in record}
    assert at["b"] - at["a"] >= 120  # the same amount
    assert at["c"] - at["b"] >= 60
    assert "waiting until 0722•••050 may be asked again" in result.stderr


def test_a_phone_that_somebody_else_is_asking_is_waited_for(mpesa: Run, csv_file: File, prompts: Prompts) -> None:
    mpesa("push", "254722200050", "5", "--order", "counter", "--no-wait")
    assert mpesa("push", "--from", csv_file(THREE)).status == 0
    record = {str(p["account_reference"]): p for p in prompts()}
    assert record["a"]["accepted_us"] - record["counter"]["accepted_us"] >= 60 * SECOND_US


def test_wait_watches_all_to_the_end_and_exits_by_what_became_of_them(mpesa: Run, csv_file: File) -> None:
    paid = mpesa("push", "--from", csv_file(THREE), "--wait", "--json")
    assert (paid.status, set(results(paid).values())) == (0, {"paid"})
    mixed = [HEADING, "254722200060,100,d", "254700001032,100,e", "254700004999,100,f"]
    result = mpesa("push", "--from", csv_file(mixed), "--wait", "--timeout", "60", "--json")
    assert results(result) == {"d": "paid", "e": "failed", "f": "accepted"}
    assert result.status == 8


def test_waiting_keeps_within_the_ration_of_queries(
    mpesa: Run, csv_file: File, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.simulator import behaviour
    from mpesa_cli.simulator.apis import stk

    asked_us: list[int] = []
    plain = stk.query

    def query(state: Any, request: Any, now_us: int, token_hex: Any) -> Any:
        asked_us.append(now_us)
        return plain(state, request, now_us, token_hex)

    monkeypatch.setitem(behaviour._ROUTES, behaviour.QUERY_PATH, behaviour._Route(query, "404.001.03"))
    monkeypatch.setattr("mpesa_cli.simulator.engine.Engine.claim_due", lambda self: [])  # every callback is lost
    lines = [f"2547222000{number},100,o{number}" for number in range(50, 58)]
    result = mpesa("push", "--from", csv_file([HEADING, *lines]), "--wait", "--timeout", "400", "--json")
    assert set(results(result).values()) == {"paid"}
    assert len(asked_us) == 8  # each was asked about once: a query settles it
    assert all(later - first >= 60 * SECOND_US for first, later in zip(asked_us, asked_us[5:], strict=False))


def test_dry_run_shows_what_would_be_sent_and_touches_nothing(
    mpesa: Run, csv_file: File, home: Any, asked: Asked
) -> None:
    shown = mpesa("push", "--from", csv_file(THREE), "--dry-run")
    assert shown.status == 0
    assert [line.split("\t")[3] for line in shown.stdout.splitlines()] == ["would be asked"] * 3
    assert "Would ask: 3 payments, KES 600." in shown.stderr
    assert not home.exists()
    mpesa("push", "254722200050", "100", "--order", "a")
    as_json = json.loads(mpesa("push", "--from", csv_file(THREE), "--dry-run", "--json").stdout)
    assert [(row["order_id"], row["send"]) for row in as_json] == [("a", False), ("b", True), ("c", True)]
    assert asked() == {"a": 1}


def test_a_person_is_always_asked_and_sees_the_total(mpesa: Run, csv_file: File, asked: Asked) -> None:
    for answer in ("n\n", "\n", ""):
        said_no = mpesa("push", "--from", csv_file(THREE), tty=True, stdin=answer)
        assert said_no.status == 1
        assert "To ask: 3 payments, KES 600." in said_no.stderr
    assert asked() == {}
    assert mpesa("push", "--from", csv_file(THREE), tty=True, stdin="yes\n").status == 0
    assert asked() == {"a": 1, "b": 1, "c": 1}


def test_yes_asks_nobody(mpesa: Run, csv_file: File, asked: Asked) -> None:
    result = mpesa("push", "--from", csv_file(THREE), "--yes", tty=True)
    assert (result.status, "[y/N]" in result.stderr) == (0, False)


def test_real_money_without_a_person_needs_yes(mpesa: Run, csv_file: File) -> None:
    env = {
        "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247", "MPESA_CONSUMER_KEY": "k",
        "MPESA_CONSUMER_SECRET": "s", "MPESA_PASSKEY": "p", "APP_URL": "https://shop.example",
        "MPESA_BASE_URL": "http://127.0.0.1:9",
    }
    result = mpesa("push", "--from", csv_file(THREE), env=env)
    assert (result.status, "--yes" in result.stderr) == (9, True)
    from_stdin = mpesa("push", "--from", "-", stdin="\n".join(THREE), env=env, tty=True)
    assert from_stdin.status == 9  # the rows came over the line on which a person would answer


def test_standard_input_is_a_file_too(mpesa: Run, asked: Asked) -> None:
    assert mpesa("push", "--from", "-", stdin="\n".join(THREE)).status == 0
    assert asked() == {"a": 1, "b": 1, "c": 1}
    assert mpesa("push", "--from", "-", stdin="x").stderr.startswith("mpesa: Standard input has 1 fault,")


@pytest.mark.parametrize("argv", [["0722200050"], ["0722200050", "5"], ["--order", "x"], ["--account", "x"]])
def test_what_the_file_says_is_not_said_beside_it(mpesa: Run, csv_file: File, argv: list[str]) -> None:
    assert mpesa("push", *argv, "--from", csv_file(THREE)).status == 2


@pytest.mark.parametrize("argv", [[], ["0722200050"]])
def test_neither_a_phone_nor_a_file_is_wrong_usage(mpesa: Run, argv: list[str]) -> None:
    result = mpesa("push", *argv)
    assert result.status == 2
    assert "Missing argument" in result.stderr


def test_wrong_credentials_stop_the_batch_at_the_first(
    mpesa: Run, csv_file: File, ledger_posts: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.simulator.apis.checks.password_fits", lambda body: False)
    result = mpesa("push", "--from", csv_file(THREE), "--json")
    assert result.status == 4
    assert results(result) == {"a": "rejected", "b": "not_sent", "c": "not_sent"}
    assert ledger_posts() == 1


def test_the_owners_faults_stop_the_batch_at_the_third(mpesa: Run, csv_file: File, ledger_posts: Any) -> None:
    """Three phones in a row for which Daraja says that the shop's number is not set up for prompts."""
    import mpesa_cli.simulator.scenario_table as table

    rows = {f"2547222000{n}": table.FIXED["254722200030"] for n in range(50, 55)}
    original = dict(table.FIXED)
    table.FIXED.update(rows)
    try:
        lines = [f"{phone},100,o{phone[-2:]}" for phone in rows]
        result = mpesa("push", "--from", csv_file([HEADING, *lines]), "--json")
    finally:
        table.FIXED.clear()
        table.FIXED.update(original)
    assert result.status == 3
    assert list(results(result).values()) == ["rejected"] * 3 + ["not_sent"] * 2
    assert "Daraja refused 3 prompts in a row" in result.stderr


def test_a_network_that_is_down_stops_the_batch_and_the_same_file_goes_on(
    mpesa: Run, csv_file: File, asked: Asked
) -> None:
    import httpx

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    path = csv_file(THREE)
    served = {"MPESA_ENVIRONMENT": "simulator", "MPESA_BASE_URL": "http://127.0.0.1:9", "APP_URL": "https://a.example"}
    down = mpesa("push", "--from", path, "--json", env=served, transport=httpx.MockTransport(refuse))
    assert (down.status, set(results(down).values())) == (5, {"not_sent"})
    assert mpesa("push", "--from", path).status == 0
    assert asked() == {"a": 1, "b": 1, "c": 1}


def test_an_answer_that_was_lost_is_never_sent_again(mpesa: Run, csv_file: File, asked: Asked) -> None:
    """254722200017 pays, and neither the answer nor a callback arrives."""
    path = csv_file([HEADING, "254722200017,100,lost", "254722200050,100,a"])
    for _ in range(2):
        result = mpesa("push", "--from", path, "--json")
        assert (result.status, results(result)["lost"]) == (6, "unknown")
    assert asked() == {"lost": 1, "a": 1}


def test_the_result_is_full_plain_rows_in_a_pipe_and_masked_on_a_terminal(mpesa: Run, csv_file: File) -> None:
    piped = mpesa("push", "--from", csv_file(THREE))
    assert piped.stdout.splitlines()[0] == "a\t100\t254722200050\twaiting\twaiting for the customer"
    assert "3 payments: 3 waiting, KES 600." in piped.stderr
    assert "SIMULATOR: no real money moved." in piped.stderr
    drawn = mpesa("push", "--from", csv_file(THREE), tty=True)
    assert "0722•••050" in drawn.stdout
    assert "254722200050" not in drawn.stdout + drawn.stderr


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(mpesa: Run, csv_file: File) -> None:
    plain = mpesa("push", "--from", csv_file(THREE)).stderr
    assert "10:30:00 Asked 1/3 order a: waiting" in plain
    assert "\x1b" not in plain
    drawn = mpesa("push", "--from", csv_file([HEADING, "254722200060,100,z"]), "--yes", tty=True).stderr
    assert "1/1" in drawn
    assert drawn.rindex("\x1b[K") > drawn.rindex("1/1")  # the bar is taken away
    quiet = mpesa("push", "--from", csv_file([HEADING, "254722200061,100,y"]), "--quiet").stderr
    assert quiet == ""


@pytest.mark.parametrize(
    ("standings", "waited", "expected"),
    [
        ([], False, ExitStatus.DONE),
        ([RowStatus.PAID, RowStatus.ACCEPTED], False, ExitStatus.DONE),
        ([RowStatus.PAID, RowStatus.ACCEPTED], True, ExitStatus.PENDING),
        ([RowStatus.ACCEPTED, RowStatus.FAILED], False, ExitStatus.DIFFERENCES),
        ([RowStatus.PAID, RowStatus.REJECTED], True, ExitStatus.DIFFERENCES),
        ([RowStatus.PAID, RowStatus.OVERPAID], True, ExitStatus.DIFFERENCES),
        ([RowStatus.FAILED, RowStatus.NOT_SENT, RowStatus.ACCEPTED], True, ExitStatus.TEMPORARY),
        ([RowStatus.NOT_SENT, RowStatus.UNKNOWN], False, ExitStatus.UNKNOWN),
        ([RowStatus.PAID, RowStatus.REVIEW], True, ExitStatus.UNKNOWN),
    ],
)
def test_the_exit_status_says_what_to_do_next(
    standings: list[RowStatus], waited: bool, expected: ExitStatus
) -> None:
    assert batch_status(standings, waited=waited) is expected
