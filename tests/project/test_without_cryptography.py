"""Without `cryptography` and `keyring`, as on an Android phone, all works but what asks M-PESA with an initiator."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt.algorithms  # noqa: F401 - it remembers for good whether there was a cryptography when it was loaded
import pytest

from mpesa_cli.api.tokens.keys import keys_from_jwks, keys_from_pem
from mpesa_cli.floor.errors import SettingsError

Run = Callable[..., Any]
ABSENT = ("cryptography", "keyring", "secretstorage", "jeepney")


@pytest.fixture(autouse=True)
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of these packages can be imported."""
    for name in {*ABSENT, *(each for each in sys.modules if each.partition(".")[0] in ABSENT)}:
        monkeypatch.setitem(sys.modules, name, None)


def test_a_day_at_the_counter_needs_neither(mpesa: Run, tmp_path: Path) -> None:
    for argv, status in [
        (["push", "254708374149", "100", "--order", "1"], 0), (["push", "254708374149", "100", "--order", "1"], 9),
        (["push", "254700001032", "100", "--order", "2"], 3), (["status", "1"], 0), (["history"], 0), (["log", "1"], 0),
        (["receipt", "1", "--output", str(tmp_path / "1.html")], 0), (["export", str(tmp_path / "day.csv")], 0),
        (["secrets", "set", "webhook-secret", "--generate", "--store", "file"], 0), (["secrets", "list"], 0),
        (["reconcile"], 0), (["audit", "verify"], 0), (["backup", str(tmp_path / "day.db")], 0), (["doctor"], 0),
        (["config", "show"], 0),
    ]:
        done = mpesa(*argv)
        assert done.status == status, (argv, done.stdout, done.stderr)


@pytest.mark.parametrize("argv", [["verify", "UKO4Q7WX2B"], ["balance"], ["simulator", "certificate"]])
def test_what_needs_it_says_so_and_how_to_get_it(mpesa: Run, argv: list[str]) -> None:
    done = mpesa(*argv, *(["--json"] if argv[0] != "simulator" else []))
    assert (done.status, "Traceback" in done.stderr) == (10, False)
    assert "pip install --upgrade cryptography" in done.stderr + done.stdout
    if argv[0] != "simulator":
        assert json.loads(done.stdout)["error"]["code"] == "cryptography-missing"


def test_keys_of_another_issuer_say_the_same() -> None:
    jwk = {"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}
    for read in (lambda: keys_from_pem(b"-----BEGIN PUBLIC KEY-----\n"), lambda: keys_from_jwks({"keys": [jwk]})):
        with pytest.raises(SettingsError) as missing:
            read()
        assert missing.value.code == "cryptography-missing"
