"""A store that can't be read just now may have the secret: nothing is called missing, and nothing made beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_keyrings import GoodKeyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

Run = Callable[..., Any]
UseKeyring = Callable[[KeyringBackend], KeyringBackend]
SANDBOX = {"MPESA_ENVIRONMENT": "sandbox", "APP_URL": "https://pay.example.co.ke"}
NAMES = ("consumer-key", "consumer-secret", "passkey", "api-secret", "webhook-secret")
VALUE = "canary-secret-of-32-characters-0001"


class LockedKeyring(GoodKeyring):
    """As a keyring whose owner has not signed in."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("CANARY-words")


@pytest.fixture
def locked(mpesa: Run, use_keyring: UseKeyring) -> Run:
    """A shop with all its secrets in the keyring, which is locked now; how to run commands there."""
    use_keyring(GoodKeyring())
    for name in NAMES:
        assert mpesa("secrets", "set", name, "--stdin", stdin=VALUE, env=SANDBOX).status == 0
    use_keyring(LockedKeyring())
    return lambda *argv, **environ: mpesa(*argv, env=SANDBOX | environ)


def told(result: Any) -> tuple[int, str]:
    return result.status, json.loads(result.stdout)["error"]["code"]


def test_a_locked_secret_is_listed_as_one_that_can_not_be_read(locked: Run) -> None:
    listed = locked("secrets", "list")
    assert listed.status == 0
    for name in NAMES:
        assert f"{name} can't be read".split() == next(x for x in listed.stdout.splitlines() if name in x).split()
    assert "Unlock the keyring" in listed.stderr
    assert "secrets set" not in listed.stderr
    rows = {row["name"]: row for row in json.loads(locked("secrets", "list", "--json").stdout)["secrets"]}
    assert (rows["passkey"]["source"], rows["passkey"]["readable"]) == ("can't be read", False)
    assert (rows["sms-api-key"]["source"], rows["sms-api-key"]["readable"]) == (None, True)


@pytest.mark.parametrize("store", ["keyring", "file"])
@pytest.mark.parametrize("name", ["api-secret", "webhook-secret"])
def test_nothing_is_generated_beside_a_locked_secret(
    locked: Run, use_keyring: UseKeyring, name: str, store: str
) -> None:
    argv = ("secrets", "set", name, "--generate", "--store", store, "--json")
    assert told(locked(*argv)) == (4, "secret-unreadable")
    use_keyring(GoodKeyring())
    assert told(locked(*argv)) == (9, "secret-exists"), "and it is there still"


@pytest.mark.parametrize(
    "argv",
    [
        ("push", "0708374149", "5", "--order", "1"), ("token", "issue", "--scope", "payments:read", "--name", "till"),
        ("trigger", "order.paid", "--to", "http://127.0.0.1:9/"),
    ],
    ids=lambda argv: argv[0],
)
def test_whatever_needs_a_locked_secret_says_to_unlock_it(locked: Run, argv: tuple[str, ...]) -> None:
    refused = locked(*argv, "--json")
    assert told(refused) == (4, "secret-unreadable")
    error = json.loads(refused.stdout)["error"]
    assert "Unlock the keyring" in error["hint"]
    assert "secrets set" not in error["hint"]
    assert "CANARY" not in refused.stdout + refused.stderr


def test_init_asks_for_no_secret_whose_store_is_locked(mpesa: Run, use_keyring: UseKeyring) -> None:
    init = ("init", "--profile", "demo", "--environment", "sandbox", "--kind", "paybill", "--no-check")
    given = {"MPESA_CONSUMER_KEY": VALUE, "MPESA_CONSUMER_SECRET": VALUE}
    use_keyring(GoodKeyring())
    assert mpesa(*init, env=given).status == 0
    for name in ("consumer-key", "consumer-secret"):
        assert mpesa("secrets", "set", name, "--profile", "demo", "--stdin", stdin=VALUE).status == 0
    use_keyring(LockedKeyring())
    assert told(mpesa(*init, "--force", "--json", stdin="typed\n" * 9)) == (4, "secret-unreadable")
    assert "Unlock the keyring" in mpesa(*init, "--force", tty=True, stdin="\n" * 9).stderr


def test_a_listener_makes_no_signing_secret_of_its_own_while_the_real_one_is_locked(locked: Run) -> None:
    refused = locked("listen", "--port", "0", "--forward-to", "http://127.0.0.1:9/")
    assert refused.status == 4
    assert "Unlock the keyring" in refused.stderr
    assert "Signing secret of this run" not in refused.stderr


def test_doctor_and_config_check_call_it_locked_and_not_missing(locked: Run) -> None:
    checked = locked("config", "check", "--json")
    (profile,) = [p for p in json.loads(checked.stdout)["profiles"] if p["in_use"]]
    assert {e["code"] for e in profile["errors"]} == {"secret-unreadable"}
    findings = json.loads(locked("doctor", "--json").stdout)["checks"]
    failed = [f for f in findings if f["check"] == "secrets" and f["verdict"] == "fail"]
    assert len(failed) == len(NAMES)
    assert all("can't be read just now" in f["words"] and "Unlock the keyring" in f["mend"] for f in failed)


def test_another_place_that_has_it_is_enough(locked: Run, tmp_path: Path) -> None:
    path = tmp_path / "api-secret"
    path.write_text(VALUE, encoding="utf-8")
    path.chmod(0o600)
    issued = locked("token", "issue", "--scope", "payments:read", "--name", "till", MPESA_API_SECRET_FILE=str(path))
    assert issued.status == 0


def test_a_file_that_can_not_be_read_hides_no_other_secret(mpesa: Run, home: Path, use_keyring: UseKeyring) -> None:
    for name in ("passkey", "consumer-key"):
        mpesa("secrets", "set", name, "--stdin", "--store", "file", stdin=VALUE, env=SANDBOX)
    (stored,) = [path for path in home.rglob("passkey") if path.is_file()]
    stored.chmod(0o644)
    rows = {r["name"]: r for r in json.loads(mpesa("secrets", "list", "--json", env=SANDBOX).stdout)["secrets"]}
    assert (rows["passkey"]["readable"], rows["consumer-key"]["readable"]) == (False, True)
    assert rows["consumer-key"]["source"].startswith("file ")


def test_a_secret_is_never_written_through_a_link(mpesa: Run, home: Path, tmp_path: Path) -> None:
    argv = ("secrets", "set", "passkey", "--stdin", "--store", "file")
    mpesa(*argv, stdin=VALUE, env=SANDBOX)
    (stored,) = [path for path in home.rglob("passkey") if path.is_file()]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody's", encoding="utf-8")
    stored.unlink()
    stored.symlink_to(elsewhere)
    refused = mpesa(*argv, stdin=VALUE, env=SANDBOX)
    assert (refused.status, "is a link to" in refused.stderr) == (10, True)
    assert elsewhere.read_text(encoding="utf-8") == "somebody's"
    assert stored.is_symlink()
    stored.unlink()
    assert mpesa(*argv, stdin=VALUE, env=SANDBOX).status == 0
    assert not stored.is_symlink()
