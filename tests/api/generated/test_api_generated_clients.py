"""Clients that other people's programs make of the OpenAPI document take a payment, in Python and in TypeScript.

``pytest -m foreign``. The programs come into a temporary place from PyPI and npm; what can't be had is skipped aloud.
"""

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(1, str(HERE.parent))

from api_bench import Shop, served

DOCUMENT = HERE.parents[2] / "mpesa_cli" / "api" / "openapi.json"
pytestmark = [pytest.mark.foreign, pytest.mark.timeout(900)]
# Pinned: a new release is to be looked at, not to fail an old commit. MIT, MIT; MIT, MIT, Apache-2.0.
PYTHON = ("openapi-python-client==0.29.1", "mypy==2.4.1")
NODE = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.0")
CONFIG = {"project_name_override": "mpesa-payments", "package_name_override": "mpesa_payments", "post_hooks": []}
TAKEN = {
    "asked": 202, "status": "paid", "received": 150, "kind": "paybill", "receipt": True, "orders": ["G-1"],
    "refused": "order-differs", "money_moved": "no",
}


@pytest.fixture
def shop(home: Path) -> Iterator[Shop]:
    with served(home) as up:
        yield up


def run(command: list[str], cwd: Path) -> str:
    """What a program printed; a failure of it is the test's, with its words."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout


def have(command: list[str], cwd: Path) -> None:
    """Install, or skip aloud."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{command[-1]} can't be installed here: {done.stderr[-300:]}")


def driven(shop: Shop, command: list[str], cwd: Path) -> dict[str, Any]:
    """What a driver says of the payment, while the customer's seconds fly."""
    with subprocess.Popen(
        [*command, shop.url, shop.token()], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as driver:
        while driver.poll() is None:
            shop.clock.advance(0.5)
            try:
                driver.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        assert driver.stdout is not None
        assert driver.stderr is not None
        assert driver.returncode == 0, driver.stderr.read()[-3_000:]
        return json.loads(driver.stdout.read())


def test_a_generated_python_client_is_typed_through_and_takes_a_payment(shop: Shop, tmp_path: Path) -> None:
    venv.create(tmp_path / "client", with_pip=True)
    bin_folder = tmp_path / "client" / "bin"
    have([str(bin_folder / "pip"), "install", "-q", *PYTHON], tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    said = run(
        [str(bin_folder / "openapi-python-client"), "generate", "--path", str(DOCUMENT), "--config", "config.json",
         "--meta", "none", "--fail-on-warning", "--output-path", "mpesa_payments"], tmp_path,
    )
    assert "warning" not in said.lower()
    shutil.copy(HERE / "generated_client.py", tmp_path)
    (tmp_path / "mpesa_payments" / "py.typed").touch()
    run([str(bin_folder / "mypy"), "--strict", "--follow-imports", "silent", "generated_client.py"], tmp_path)
    assert driven(shop, [str(bin_folder / "python"), "generated_client.py"], tmp_path) == TAKEN


def test_generated_typescript_compiles_strictly_and_takes_a_payment(shop: Shop, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("no npm here: openapi-typescript is not tried")
    (tmp_path / "package.json").write_text('{"private": true}')
    have(["npm", "install", "--no-audit", "--no-fund", *NODE], tmp_path)
    tools = tmp_path / "node_modules" / ".bin"
    run([str(tools / "openapi-typescript"), str(DOCUMENT), "--output", "mpesa.d.ts"], tmp_path)
    shutil.copy(HERE / "generated_client.ts", tmp_path)
    run([str(tools / "tsc"), "--strict", "--target", "es2022", "--module", "node16", "--moduleResolution", "node16",
         "--exactOptionalPropertyTypes", "generated_client.ts"], tmp_path)
    assert driven(shop, ["node", "generated_client.js"], tmp_path) == TAKEN
