"""A shop whose machines have one ledger in PostgreSQL: the commands, by whichever machine they are given."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest
from books.portal import Row, write
from postgres_server import Cluster

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.query_ration import QueryRation
from mpesa_cli.daraja.token_answer import Token
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.engine.postgres.opening import open_engine
from mpesa_cli.rules.values.database import database as address

PHONE, OTHER = "0708374149", "0712345678"
PAYS_OUT = {"MPESA_PAYOUTS_ENABLED": "true", "MPESA_PAYOUTS_MAX": "1000", "MPESA_PAYOUTS_DAILY_MAX": "5000"}


@pytest.fixture
def shop(database: Callable[[], str], mpesa: Callable[..., object], tmp_path: Path) -> Callable[..., object]:
    """Give a command to one of the shop's machines, ``on`` which is a folder of its own."""
    url = database()

    def run(*argv: str, on: str = "one", ledger: str = url, more: Mapping[str, str] = {}) -> object:
        env = {"MPESA_HOME": str(tmp_path / on), "MPESA_LEDGER": ledger, **more}
        return mpesa(*argv, env=env)

    run.url = url  # type: ignore[attr-defined]
    return run


def document(result: object) -> dict[str, object]:
    assert isinstance(result.stdout, str)  # type: ignore[attr-defined]
    return json.loads(result.stdout)  # type: ignore[attr-defined,no-any-return]


def test_two_machines_have_one_ledger_and_an_order_is_asked_for_once(shop: Callable[..., object]) -> None:
    paid = shop("push", PHONE, "150", "--order", "A1", "--json")
    assert paid.status == 0, paid.stderr

    again = shop("push", PHONE, "150", "--order", "A1", "--json", on="two")
    seen = shop("status", "A1", "--json", on="two")

    assert again.status == 9
    assert document(seen)["receipt"] == document(paid)["receipt"]


@pytest.mark.postgres
def test_the_books_are_the_same_from_either_machine(shop: Callable[..., object]) -> None:
    shop("push", PHONE, "150", "--order", "A1")
    assert shop("audit", "verify", on="two").status == 0
    assert shop("reconcile", on="two").status in {0, 7}
    both = [shop("history", "--summary", "--json", on=on).stdout for on in ("one", "two")]  # type: ignore[attr-defined]
    assert both[0] == both[1]


@pytest.mark.postgres
def test_a_backup_is_an_ordinary_ledger_with_the_same_head(shop: Callable[..., object], tmp_path: Path) -> None:
    shop("push", PHONE, "150", "--order", "A1")
    head = document(shop("audit", "head", "--json"))["hash"]

    made = document(shop("backup", str(tmp_path / "copy.db"), "--json"))
    seen = shop("status", "A1", "--json", on="other", ledger=str(tmp_path / "copy.db"))

    assert (made["hash"], made["whole"]) == (head, True)
    assert document(seen)["status"] == "paid"
    with sqlite3.connect(tmp_path / "copy.db") as raw:
        assert raw.execute("PRAGMA quick_check").fetchone() == ("ok",)
    raw.close()


def test_a_ledger_moves_into_a_database_and_back_under_one_head(shop: Callable[..., object], tmp_path: Path) -> None:
    file, back = str(tmp_path / "shop.db"), str(tmp_path / "back.db")
    shop("push", PHONE, "150", "--order", "A1", ledger=file)
    shop("push", "0700012345", "70", "--order", "A2", "--no-wait", ledger=file)
    head = document(shop("audit", "head", "--json", ledger=file))["hash"]

    there = shop("ledger", "move", shop.url, "--json", ledger=file)  # type: ignore[attr-defined]
    assert there.status == 0, there.stderr
    assert document(there)["hash"] == head
    assert shop("status", "A1").status == 0
    refused = shop("push", OTHER, "20", "--order", "GONE-9", "--json", ledger=file)
    assert (refused.status, document(refused)["error"]["code"]) == (10, "ledger-moved")  # type: ignore[index]
    assert "GONE-9" not in shop("history").stdout

    home = shop("ledger", "move", back, "--json")
    assert home.status == 0, home.stderr
    assert document(home)["hash"] == head
    assert shop("push", OTHER, "20", "--order", "GONE-9").status == 10
    assert shop("push", OTHER, "20", "--order", "GONE-9", ledger=back).status in {0, 5}
    assert shop("audit", "verify", ledger=back).status == 0


@pytest.mark.postgres
def test_a_move_out_of_a_database_ends_however_long_the_proof_of_it_takes(
    shop: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.ledger.engine.postgres import connecting
    from mpesa_cli.upkeep import moving

    shop("push", PHONE, "150", "--order", "A1")
    proven = moving.audited

    def slowly(ledger: object) -> object:
        time.sleep(1.5)
        return proven(ledger)  # type: ignore[arg-type]

    monkeypatch.setattr(connecting, "_SETTINGS", connecting._SETTINGS.replace("15s", "1s"))
    monkeypatch.setattr(moving, "audited", slowly)
    moved = shop("ledger", "move", str(tmp_path / "back.db"), "--json")

    assert moved.status == 0, moved.stderr


@pytest.mark.postgres
def test_a_ledger_is_not_moved_onto_another(shop: Callable[..., object], tmp_path: Path) -> None:
    file = str(tmp_path / "shop.db")
    shop("push", PHONE, "150", "--order", "A1", ledger=file)
    shop("push", PHONE, "150", "--order", "B1")

    refused = shop("ledger", "move", shop.url, "--json", ledger=file)  # type: ignore[attr-defined]

    assert (refused.status, document(refused)["error"]["code"]) == (9, "target-not-empty")  # type: ignore[index]
    assert shop("push", "0700012345", "20", "--order", "A2", "--no-wait", ledger=file).status != 10


@pytest.mark.postgres
def test_an_erased_number_is_gone_from_every_table(shop: Callable[..., object], server: Cluster) -> None:
    shop("push", PHONE, "150", "--order", "A1")

    erased = shop("erase", PHONE, "--yes", "--json")

    assert erased.status == 0, erased.stderr
    name = shop.url.rpartition("/")[2]  # type: ignore[attr-defined]
    with psycopg.connect(host="127.0.0.1", port=server.port, user="mpesa", dbname=name) as raw:
        for (table,) in raw.execute("SELECT tablename FROM pg_tables WHERE schemaname LIKE 'mpesa_sim%'").fetchall():
            rows = raw.execute(f'SELECT t::text FROM mpesa_simulator_174379."{table}" t').fetchall()
            assert "708374149" not in str(rows), table
    assert shop("audit", "verify").status == 0


@pytest.mark.postgres
def test_a_role_that_owns_the_database_and_nothing_more_can_do_all_of_it(
    shop: Callable[..., object], server: Cluster
) -> None:
    name = shop.url.rpartition("/")[2]  # type: ignore[attr-defined]
    server.sql("DROP ROLE IF EXISTS plain")
    server.sql("CREATE ROLE plain LOGIN")
    server.sql(f"ALTER DATABASE {name} OWNER TO plain")
    mine = shop.url.replace("mpesa@", "plain@")  # type: ignore[attr-defined]

    assert shop("push", PHONE, "150", "--order", "A1", ledger=mine).status == 0  # type: ignore[attr-defined]
    erased = shop("erase", PHONE, "--yes", "--json", ledger=mine)
    assert (erased.status, document(erased)["left"]) == (0, {})  # type: ignore[attr-defined]
    assert shop("audit", "verify", ledger=mine).status == 0  # type: ignore[attr-defined]
    server.sql(f"ALTER DATABASE {name} OWNER TO mpesa")


@pytest.mark.postgres
def test_a_table_that_others_hold_once_the_number_is_erased_is_not_said_to_have_kept_it(
    shop: Callable[..., object], server: Cluster
) -> None:
    shop("push", PHONE, "150", "--order", "A1")
    with server.connect(shop.url.rpartition("/")[2]) as other:  # type: ignore[attr-defined]
        other.execute("BEGIN; LOCK TABLE mpesa_simulator_174379.payments IN ROW SHARE MODE")  # as a reader does
        refused = shop("erase", PHONE, "--yes", "--json")
        other.execute("ROLLBACK")

    error = document(refused)["error"]
    assert (refused.status, error["code"]) == (5, "ledger-locked")  # type: ignore[index,attr-defined]
    assert error["message"].startswith("The number is erased, but old bytes")  # type: ignore[index]
    assert "Nothing was" not in str(error)
    assert shop("erase", PHONE, "--yes").status == 0  # type: ignore[attr-defined]


@pytest.mark.postgres
def test_an_erased_number_that_somebody_typed_into_a_reference_is_named_as_still_there(
    shop: Callable[..., object],
) -> None:
    why = ("--for", f"wages {PHONE}", "--reason", "wages of the week", "--by", "Wanjiku")
    assert shop("pay", PHONE, "100", *why, "--yes", more=PAYS_OUT).status == 0  # type: ignore[attr-defined]

    erased = shop("erase", PHONE, "--yes", "--json")

    assert erased.status == 7, erased  # type: ignore[attr-defined]
    left = document(erased)["left"]
    assert any(place.endswith(", table journal") for place in left), left  # type: ignore[union-attr]


@pytest.mark.postgres
def test_what_can_not_be_reached_sends_nothing_and_no_command_makes_a_ledger_by_looking(
    shop: Callable[..., object],
) -> None:
    gone = shop("push", PHONE, "150", "--order", "A1", "--json", ledger="postgresql://mpesa@127.0.0.1:1/shop")
    assert gone.status == 5
    assert document(gone)["error"]["code"] == "ledger-unreachable"  # type: ignore[index]

    assert shop("backup", "/tmp/never.db").status == 10
    assert not Path("/tmp/never.db").exists()
    assert "There is no ledger yet" in shop("doctor").stdout


@pytest.mark.postgres
def test_a_password_in_the_address_is_refused_and_not_repeated(shop: Callable[..., object]) -> None:
    for url in ("postgresql://mpesa:hunter2@db/shop", "postgresql://mpesa@db/shop?password=hunter2"):
        refused = shop("status", "A1", ledger=url)
        assert refused.status == 10
        assert "ledger-password" in refused.stderr
        assert "hunter2" not in refused.stdout + refused.stderr


@pytest.mark.postgres
def test_one_batch_at_a_time_runs_on_all_machines(database: Callable[[], str], tmp_path: Path) -> None:
    from mpesa_cli.floor.errors import Temporary

    place = address(database(), "mpesa_shop", "x")
    engines = [open_engine(place, None, tmp_path / on / "x", environment="simulator") for on in ("one", "two")]
    with engines[0].alone("batch"), pytest.raises(Temporary) as refused, engines[1].alone("batch"):
        pytest.fail("two at once")
    assert refused.value.code == "batch-running"
    with engines[1].alone("batch"):
        pass
    for each in engines:
        each.close()


def test_two_machines_fetch_one_token_and_keep_one_ration(database: Callable[[], str], tmp_path: Path) -> None:
    place = address(database(), "mpesa_shop", "x")
    engines = [open_engine(place, None, tmp_path / on / "x", environment="simulator") for on in ("one", "two")]
    fetched: list[str] = []

    def fetch() -> Token:
        fetched.append("token")
        return Token(Secret(f"token{len(fetched)}"), 3599)

    def obtain(engine: object) -> None:
        cache = TokenCache(tmp_path, Secret("key"), Secret("secret"), "https://d", World(), engine.note)  # type: ignore[attr-defined]
        cache.obtain(fetch)

    both = [threading.Thread(target=obtain, args=(engine,)) for engine in engines]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert fetched == ["token"]

    rations = [QueryRation(tmp_path, Secret("key"), "https://d", World(), engine.note) for engine in engines]
    now_us = 1_795_505_400_000_000
    granted = [ration.take(now_us) == 0 for _ in range(4) for ration in rations]
    assert sum(granted) == 5
    held = str(engines[0].connection().execute_once("SELECT name, sealed FROM mpesa_shared.notes").fetchall())
    assert "token1" not in held
    for engine in engines:
        engine.close()


@pytest.mark.postgres
def test_what_was_read_just_now_is_counted_by_the_server_before_it_is_compared(
    shop: Callable[..., object], server: Cluster, tmp_path: Path
) -> None:
    """Or the server takes it for a few rows, and reads all of them once for each."""
    statement = write(tmp_path / "day.csv", *(Row(f"UKO{nth:07d}", 10, "by the door") for nth in range(2_000)))
    assert shop("reconcile", "--statement", str(statement)).status in {0, 7}  # type: ignore[attr-defined]

    name = shop.url.rpartition("/")[2]  # type: ignore[attr-defined]
    asked = "SELECT reltuples FROM pg_class WHERE relname = 'statement_rows'"
    assert server.sql(asked, name) == [(2_000,)]
