"""The recipes of docs/develop/shops.md, each run in its own language: every delivery is right."""

import re
import shutil
import subprocess
import sys
import textwrap
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from receiver_pages import SECRETS, checked, free_port, of_another_environment, program_path, started, wrong

Run = Callable[..., Any]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "develop" / "shops.md"
RECIPE = re.compile(r"<!-- recipe: ([a-z ]+) -->\n```\w+\n(.*?)\n```\n", re.DOTALL)
LINES_MAX = 20


def recipes() -> dict[str, str]:
    """The recipes of the page, by their names."""
    return dict(RECIPE.findall(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["php", "django"])
def test_a_receiver_takes_twenty_lines(name: str) -> None:
    lines = [line for line in recipes()[name].splitlines() if line.strip() not in {"<?php", "}"}]
    assert 10 < len(lines) <= LINES_MAX


def test_no_recipe_knows_daraja() -> None:
    assert not re.search(r"daraja|safaricom|stkpush|passkey", " ".join(recipes().values()), re.IGNORECASE)


def php_shop(folder: Path) -> Path:
    """A folder with the PHP recipe and a database."""
    found = recipes()
    for file, name in (("events.php", "php"), ("signed.php", "php signed"), ("state.php", "php state")):
        (folder / file).write_text(found[name] + "\n")
    (folder / "schema.sql").write_text(found["php schema"])
    (folder / "database.php").write_text(textwrap.dedent("""\
        <?php
        $db = new PDO('sqlite:' . __DIR__ . '/shop.db', null, null, [PDO::ATTR_TIMEOUT => 20]);
        $db->exec('PRAGMA journal_mode = WAL');
        $db->exec(file_get_contents(__DIR__ . '/schema.sql'));
        return $db;
        """))
    return folder


@pytest.mark.integrations
@pytest.mark.skipif(shutil.which("php") is None, reason="php is not here")
def test_plain_php_takes_every_delivery_rightly(cli: Run, tmp_path: Path) -> None:
    folder, port = php_shop(tmp_path), free_port()
    began = time.monotonic()
    environ = {**SECRETS, "PHP_CLI_SERVER_WORKERS": "4"}
    with started(["php", "-S", f"127.0.0.1:{port}", "-t", str(folder)], folder, environ, port):
        assert wrong(checked(cli, f"http://127.0.0.1:{port}/events.php")) == {}
        assert set(of_another_environment(f"http://127.0.0.1:{port}/events.php").values()) == {403}
        sys.stderr.write(f"\nPlain PHP, thirteen deliveries: {time.monotonic() - began:.1f} s\n")


SETTINGS = """
SECRET_KEY = "nothing is signed with it"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db",
                         "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
URLS = """
from django.urls import path
from shop.views import mpesa_events
urlpatterns = [path("mpesa/events", mpesa_events)]
"""


@pytest.mark.integrations
@pytest.mark.timeout(900)
def test_django_takes_every_delivery_rightly(cli: Run, tmp_path: Path) -> None:
    found, port = recipes(), free_port()
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "django==5.2.*"]
    got = subprocess.run(install, capture_output=True, text=True, check=False)
    if got.returncode:
        pytest.skip(f"Django can't be had: {got.stderr[-200:]}")
    app = tmp_path / "site" / "shop"
    app.mkdir(parents=True)
    (app / "__init__.py").touch()
    (app / "models.py").write_text(found["django models"] + "\n")
    (app / "views.py").write_text(found["django signed"] + "\n\n\n" + found["django"] + "\n")
    (app.parent / "settings.py").write_text(SETTINGS)
    (app.parent / "urls.py").write_text(URLS)
    environ = {**SECRETS, "DJANGO_SETTINGS_MODULE": "settings"}
    for command in (["makemigrations", "shop"], ["migrate"]):
        done = subprocess.run([python, "-m", "django", *command], cwd=app.parent, capture_output=True, text=True,
                              check=False, env={"PYTHONPATH": ".", "PATH": program_path(tmp_path), **environ})
        assert done.returncode == 0, done.stderr
    server = [python, "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with started(server, app.parent, {**environ, "PYTHONPATH": "."}, port):
        assert wrong(checked(cli, f"http://127.0.0.1:{port}/mpesa/events")) == {}
        assert set(of_another_environment(f"http://127.0.0.1:{port}/mpesa/events").values()) == {403}
