"""The OpenAPI document is true: a program that knows nothing else finds no answer that it does not describe."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_bench import CANCELS, PAYS, Shop, initiate, served, settled

from mpesa_cli import __version__

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
FREELY = {"MPESA_API_RATE_PER_TOKEN": "100000", "MPESA_API_RATE_PER_PHONE": "10000"}
# The stream of events has no end, so no tool can wait for one; test_api_events.py reads it.
OPTIONS = [
    "--exclude-path", "/payments/events", "--phases", "examples,coverage,fuzzing", "--generation-database", "none",
    "--continue-on-failure", "--no-color",
]


def explore(shop: Shop, folder: Path, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Every operation with right and wrong inputs, each answer held against the document."""
    return subprocess.run(
        [SCHEMATHESIS, "run", f"{shop.url}/openapi.json", "-H", f"Authorization: Bearer {shop.token()}",
         "--max-examples", str(examples), "--seed", str(seed), *OPTIONS],
        cwd=folder, env={**os.environ, "HOME": str(folder)}, capture_output=True, text=True, check=False,
    )


def with_payments(shop: Shop) -> None:
    """What the document's examples name is there: a failed payment, one that is paid, an order."""
    with shop.client() as client:
        initiate(client, "1042", CANCELS)
        settled(shop, client, "1042")
        initiate(client, "1043", PAYS)
        settled(shop, client, "1043")
        client.post("/orders", json={"orderId": "A-7", "amount": 700})


def test_a_program_that_knows_only_the_document_is_never_surprised(home: Path, tmp_path: Path) -> None:
    if not SCHEMATHESIS.exists():
        pytest.skip("schemathesis is not installed (the test extra has it)")
    with served(home, FREELY) as shop:
        with_payments(shop)
        done = explore(shop, tmp_path, examples=4, seed=7)
        assert done.returncode == 0, done.stdout[-6000:]
        assert "500" not in shop.runtime.streams.stderr.getvalue()  # type: ignore[attr-defined]


@pytest.mark.long
@pytest.mark.skipif(shutil.which(str(SCHEMATHESIS)) is None, reason="schemathesis is not installed")
def test_the_check_sees_a_document_that_lies(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: amounts that the document allows are refused."""
    from mpesa_cli.api import fields

    honest = fields.amount_reader

    def stingy(limits: Any) -> Any:
        read = honest(limits)

        def refuse(value: Any) -> Any:
            if read(value) > 1:
                raise fields.Unfit("must be one shilling")
            return value

        return refuse

    monkeypatch.setattr(fields, "amount_reader", stingy)
    with served(home, FREELY) as shop:
        assert explore(shop, tmp_path, examples=4, seed=7).returncode == 1


def test_the_document_names_every_path_with_its_statuses(quiet_client: httpx.Client) -> None:
    document = quiet_client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {(m.upper(), p) for p, methods in document["paths"].items() for m in methods} == {
        ("POST", "/payments/initiate"), ("POST", "/payments/retry/{orderId}"), ("POST", "/orders"),
        ("POST", "/payments/refund/{orderId}"), ("GET", "/balance"),
        ("GET", "/payments/status/{orderId}"), ("GET", "/payments/history"), ("GET", "/payments/receipt/{orderId}"),
        ("GET", "/payments/events"), ("GET", "/orders/{orderId}"), ("GET", "/openapi.json"), ("GET", "/docs"),
    }
    initiated = document["paths"]["/payments/initiate"]["post"]["responses"]
    assert set(initiated) >= {"200", "202", "400", "401", "403", "409", "413", "415", "422", "429", "502", "503"}


def test_the_document_that_the_package_brings_is_the_one_that_is_served(
    quiet_client: httpx.Client, mpesa: Callable[..., Any]
) -> None:
    served, brought = quiet_client.get("/openapi.json").json(), json.loads(mpesa("help", "openapi").stdout)
    assert "Profile simulator" in served["info"].pop("description")
    assert "With the usual limits" in brought["info"].pop("description")
    # What is installed for development keeps the version that it was installed with.
    assert (brought["info"].pop("version"), served["info"].pop("version")) == (version_in_pyproject(), __version__)
    assert brought == served


def version_in_pyproject() -> str:
    root = Path(__file__).resolve().parents[2]
    return str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def test_the_page_for_people_shows_all_of_it_and_fetches_nothing(quiet_client: httpx.Client) -> None:
    page = quiet_client.get("/docs").text
    for path in quiet_client.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in page
    assert f"curl -X POST {str(quiet_client.base_url).rstrip('/')}/payments/initiate" in page
    assert "<script" not in page
    assert "src=" not in page
    assert "https://" not in page
