"""``mpesa listen -P a -P b``: one address for all tills of a head office."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loop_parts import listening, running_app, until

from mpesa_cli.initiator.listener_alive import last_alive_us
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules

PAYS, PAYS_TWICE = "254708374149", "254722200004"
BOTH = ("-P", "outering", "-P", "westlands")


def configure(home: Path, **of_westlands: str) -> None:
    """Two tills of one store; what is said of the second comes beside the rest."""
    folder = home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for name, till, more in (("outering", "5012345", {}), ("westlands", "5012346", of_westlands)):
        keys = {"environment": "simulator", "kind": "till", "shortcode": "600100", "till": till, **more}
        tables.append("\n".join([f"[profile.{name}]", *(f'{key} = "{value}"' for key, value in keys.items()), ""]))
    (folder / "config.toml").write_text("\n".join(tables))


def test_each_tills_payments_are_settled_in_its_own_ledger_and_told_under_its_name(
    home: Path, mpesa: Callable[..., Any]
) -> None:
    configure(home)
    with running(rules=Rules(speed=20.0, queries_per_minute=None)) as simulator, running_app() as app:
        environ = {"MPESA_BASE_URL": simulator.base_url, "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any"}
        with listening(home, environ, *BOTH, "--port", "0", "--forward-to", app.url) as listen:
            for name, phone in (("outering", PAYS), ("westlands", PAYS_TWICE)):
                done = mpesa("push", phone, "150", "--order", "1001", "-P", name, "--no-wait", "--yes",
                             env={**environ, "APP_URL": listen.url})
                assert done.status == 0, done
            until(lambda: len(app.posts) == 2, "both events")
            settled = listen.events("settled")
            ready = "".join(listen.said)
            assert listen.stop() == 0
    receipts = {each["profile"]: each["payment"]["receipt"] for each in settled if each["payment"]["status"] == "paid"}
    assert set(receipts) == {"outering", "westlands"}
    assert {each["data"]["profile"] for each in app.events()} == set(receipts)
    assert "for profiles outering, westlands (simulator)" in ready
    for name, receipt in receipts.items():
        (only,) = json.loads(mpesa("history", "-P", name, "--json").stdout)
        assert only["receipt"] == receipt
        assert last_alive_us(next(home.rglob(f"{name}-simulator.db")))


@pytest.mark.parametrize("argv", [["--api"], ["--owner"]])
def test_what_serves_one_profile_is_refused_beside_several(
    home: Path, mpesa: Callable[..., Any], argv: list[str]
) -> None:
    configure(home)
    done = mpesa("listen", *BOTH, *argv)
    assert (done.status, "one profile" in done.stderr, f"-P outering {argv[0]}" in done.stderr) == (2, True, True)


@pytest.mark.parametrize("said", [{"tunnel": "nginx"}, {"callback_ips": "warn"}, {"till": "5012345"}])
def test_tills_that_cannot_share_a_port_are_refused_before_it_is_opened(
    home: Path, mpesa: Callable[..., Any], said: dict[str, str]
) -> None:
    configure(home, **said)
    done = mpesa("listen", *BOTH)
    assert (done.status, "westlands" in done.stderr) == (2, True)


def test_a_till_whose_ledger_is_a_copy_of_anothers_is_refused(home: Path, mpesa: Callable[..., Any]) -> None:
    configure(home)
    mpesa("history", "-P", "outering")
    ledger = next(home.rglob("outering-simulator.db"))
    shutil.copy(ledger, ledger.with_name("westlands-simulator.db"))
    done = mpesa("listen", *BOTH)
    assert (done.status, "a copy of outering's" in done.stderr) == (2, True)
