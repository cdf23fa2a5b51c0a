"""NestJS and Express: from an empty folder to PAID by the README, every delivery right, and killed in between."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from receiver_pages import (
    SECRET,
    SECRETS,
    checked,
    free_port,
    not_as_shown,
    of_another_environment,
    started,
    typed,
    wrong,
)

pytestmark = [pytest.mark.integrations, pytest.mark.timeout(900)]
Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
for program in ("node", "npm"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here", allow_module_level=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The integration with its packages, compiled."""
    folder = tmp_path_factory.mktemp("nestjs") / "shop"
    left = shutil.ignore_patterns("node_modules", "dist", "data")
    shutil.copytree(ROOT / "integrations" / "nestjs", folder, ignore=left)
    for command in (["npm", "ci"], ["npm", "run", "build"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if command[1] == "ci" and done.returncode and "ENOTFOUND" in done.stderr:
            pytest.skip("npm's registry can't be reached")
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_from_an_empty_folder_to_paid_by_the_readme_alone(empty: Path, tmp_path: Path) -> None:
    page, took = typed(empty / "integrations" / "nestjs" / "README.md", empty, tmp_path / "home", free_port())
    assert not_as_shown(page) == []
    sys.stderr.write(f"\nNestJS, from an empty folder to PAID: {took:.0f} s\n")


def test_its_own_tests_pass(built: Path) -> None:
    done = subprocess.run(["npm", "test"], cwd=built, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "# pass 9" in done.stdout


@pytest.mark.parametrize("program", ["main", "express"])
def test_every_delivery_is_right(built: Path, cli: Run, tmp_path: Path, program: str) -> None:
    port = free_port()
    environ = {"PORT": str(port), "SHOP_DATA": str(tmp_path / "data"), **SECRETS}
    with started(["node", f"dist/{program}.js"], built, environ, port):
        assert wrong(checked(cli, f"http://127.0.0.1:{port}/mpesa/events")) == {}
        assert set(of_another_environment(f"http://127.0.0.1:{port}/mpesa/events").values()) == {403}


def test_killed_and_started_again_it_still_knows_what_it_took(built: Path, cli: Run, tmp_path: Path) -> None:
    environ = {"MPESA_CHECK_SECRET": SECRET, "SHOP_DATA": str(tmp_path / "data")}
    url, order = "http://127.0.0.1:{}/mpesa/events", ["--override", "order_id=CHECK-kill"]
    statuses = []
    for _ in range(2):
        port = free_port()
        with started(["node", "dist/main.js"], built, {**environ, "PORT": str(port)}, port):
            subprocess.run(  # the order, as the shop's own system makes it
                ["curl", "-s", "-H", "content-type: application/json", "-d", '{"id":"CHECK-kill","amount":150}',
                 f"http://127.0.0.1:{port}/orders"], check=True, capture_output=True)
            for _ in range(2):
                done = cli("trigger", "order.paid", "--to", url.format(port), *order, "--json",
                           env={"MPESA_WEBHOOK_SECRET": SECRET})
                statuses.append(done.status)
            shown = subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/orders/CHECK-kill"],
                                   check=True, capture_output=True, text=True).stdout
        assert '"times_paid":1' in shown
    assert statuses == [0, 0, 0, 0]
