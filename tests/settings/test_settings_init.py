"""``mpesa init``: asks, tries the credentials, and leaves nothing half-done."""

import base64
import io
import json
import os
import pty
import select
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fake_keyrings import GoodKeyring, PlaintextKeyring
from keyring.backend import KeyringBackend

from mpesa_cli.cli.consent.asking import ask_yes
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.settings import save
from mpesa_cli.settings.sources import load_profile
from mpesa_cli.terminal.streams import Streams

UseKeyring = Callable[[KeyringBackend], KeyringBackend]
SECRETS = {"MPESA_CONSUMER_KEY": "CANARY-key", "MPESA_CONSUMER_SECRET": "CANARY-secret"}
SANDBOX = ("init", "--profile", "demo", "--environment", "sandbox", "--kind", "paybill")


def daraja(status: int = 200, name: str | None = None) -> httpx.MockTransport:
    """A Daraja that takes, or refuses, every key. ``name`` is what it has for the till; None: it lacks that API."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sfcverify/v1/query/info":
            if name is None:
                refused = {"requestId": "1", "errorCode": "401.003.01", "errorMessage": "no apiproduct match found"}
                return httpx.Response(401, json=refused)
            said = {"ResponseCode": "4000", "ResponseMessage": "Success", "OrganizationName": name}
            return httpx.Response(200, json=said if name else {"ResponseCode": "1", "ResponseMessage": "Failed"})
        assert request.url.path == "/oauth/v1/generate"
        if status == 200:
            return httpx.Response(200, json={"access_token": "CANARY" + "t" * 22, "expires_in": "3599"})
        return httpx.Response(status, text="")

    return httpx.MockTransport(answer)


def unreachable() -> httpx.MockTransport:
    """A Daraja that nobody can connect to."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    return httpx.MockTransport(answer)


def config(home: Path) -> dict[str, object]:
    return tomllib.loads((home / "config" / "config.toml").read_text())


@pytest.fixture(autouse=True)
def _no_keyring(use_keyring: UseKeyring) -> None:
    """No test of this file meets the machine's own keyring."""


def test_with_options_and_secrets_at_hand_it_asks_nothing(mpesa: Callable[..., object], home: Path) -> None:
    result = mpesa(*SANDBOX, "--json", env=SECRETS, transport=daraja())
    assert result.status == 0
    document = json.loads(result.stdout)
    assert (document["profile"], document["checked"]) == ("demo", True)
    assert document["secrets"]["consumer-key"] == "MPESA_CONSUMER_KEY"
    assert config(home) == {
        "default_profile": "demo",
        "profile": {"demo": {"environment": "sandbox", "kind": "paybill", "account_reference": "{order}"}},
    }
    path = home / "config" / "config.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_profile({"MPESA_HOME": str(home)}).shortcode == "174379"
    files = [entry for entry in home.rglob("*") if entry.is_file() and "cache" not in entry.parts]
    assert "CANARY" not in "".join(entry.read_text() for entry in files) + result.stdout + result.stderr


def test_a_person_is_asked_and_answers_with_return_mean_the_proposal(
    mpesa: Callable[..., object], home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(GoodKeyring())
    answers = ["ngong", "production", "till", "600100", "5012345", "", "Duka Ngong", "sw", "https://pay.example.co.ke",
               "many", "5000", "", "20000", "CANARY-key", "CANARY-secret", "CANARY-passkey"]
    result = mpesa("init", tty=True, stdin="\n".join(answers) + "\n", transport=daraja())
    assert result.status == 0, result.stderr
    assert config(home) == {
        "default_profile": "ngong",
        "profile": {"ngong": {
            "environment": "production", "kind": "till", "shortcode": "600100", "till": "5012345",
            "account_reference": "{order}", "callback_base_url": "https://pay.example.co.ke",
            "shop_name": "Duka Ngong", "language": "sw",
            "refunds": {"enabled": True, "max": 5000, "daily_max": 20000},
        }},
    }
    said = " ".join(result.stderr.split())
    assert "a statement can name the order" in said
    assert "consumer key and secret are on https://developer.safaricom.co.ke" in said
    assert "passkey came from Safaricom by e-mail" in said
    summary = said.partition("profile ngong")[2]
    for shown in ("shortcode 600100", "till 5012345", "shop_name Duka Ngong", "language sw", "refunds.max 5000"):
        assert shown in summary
    assert summary.index("till 5012345") < summary.index("Asking https://api.safaricom.co.ke")
    listed = json.loads(mpesa("secrets", "list", "--json").stdout)["secrets"]
    assert [row["source"] for row in listed[:3]] == ["keyring"] * 3
    assert "CANARY" not in result.stdout + result.stderr


NGONG = ("init", "-P", "ngong", "--environment", "production", "--kind", "till", "--shortcode", "600100", "--till",
         "5012345", "--account-reference", "{order}", "--callback-base-url", "https://pay.example.co.ke",
         "--shop-name", "Duka", "--language", "en", "--store", "file")
ALL_SECRETS = {**SECRETS, "MPESA_PASSKEY": "CANARY-passkey"}


@pytest.mark.parametrize(("answer", "status", "written"), [("y\n", 0, True), ("\n", 1, False), ("n\n", 1, False)])
@pytest.mark.parametrize(("name", "said"), [
    ("DUKA NGONG", "M-PESA has till 5012345 as DUKA NGONG."), ("", "M-PESA knows no till 5012345."),
])
def test_a_person_says_whether_the_name_is_the_shop_s_before_anything_is_written(
    mpesa: Callable[..., object], home: Path, answer: str, status: int, written: bool, name: str, said: str
) -> None:
    result = mpesa(*NGONG, tty=True, stdin="\n" + answer, env=ALL_SECRETS, transport=daraja(name=name))
    assert result.status == status, result.stderr
    assert said in result.stderr
    assert (home / "config").exists() is written


def test_where_nobody_is_there_the_name_is_said_and_a_silent_daraja_stops_nothing(
    mpesa: Callable[..., object], home: Path
) -> None:
    named = mpesa(*NGONG, env=ALL_SECRETS, transport=daraja(name="DUKA NGONG"))
    assert (named.status, "as DUKA NGONG" in named.stderr) == (0, True)
    silent = mpesa(*NGONG, "--force", env=ALL_SECRETS, transport=daraja())
    assert (silent.status, "did not tell the name behind till 5012345" in silent.stderr) == (0, True)


def test_a_wrong_answer_is_asked_again(mpesa: Callable[..., object], home: Path) -> None:
    answers = ["a b", "demo", "prod", "sandbox", "", "12", "", "", "", "xx", "", "http://x", ""]
    result = mpesa("init", tty=True, stdin="\n".join(answers) + "\n", env=SECRETS, transport=daraja())
    assert result.status == 0, result.stderr
    assert config(home)["profile"] == {
        "demo": {
            "environment": "sandbox", "kind": "paybill", "shortcode": "174379", "account_reference": "{order}",
            "shop_name": "demo", "language": "en", "answers": "query",
        },
    }
    for words in ("5 to 7 digits", "simulator, sandbox or production", "https://"):
        assert words in result.stderr


def test_leaving_in_the_middle_writes_nothing(mpesa: Callable[..., object], home: Path) -> None:
    result = mpesa("init", tty=True, stdin="demo\nsandbox\n")
    assert result.status == 1
    assert "Nothing was written" in result.stderr
    assert not (home / "config").exists()


@pytest.mark.parametrize(
    ("argv", "flags"),
    [
        (("init",), ("--profile", "--environment", "--kind")),
        (("init", "-P", "x"), ("--environment", "--kind")),
        (("init", "-P", "x", "--environment", "production", "--kind", "till"), ("--shortcode", "--till")),
        (SANDBOX, ("MPESA_CONSUMER_KEY_FILE", "MPESA_CONSUMER_SECRET_FILE")),
    ],
)
def test_with_nobody_there_missing_answers_are_exit_9_and_named(
    mpesa: Callable[..., object], home: Path, argv: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    result = mpesa(*argv)
    assert result.status == 9
    for flag in flags:
        assert flag in result.stderr
    assert not (home / "config").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--shortcode", "12"), ("--environment", "prod"), ("--kind", "shop"), ("--callback-base-url", "http://x.example"),
     ("--account-reference", "a&b"), ("--profile", "../x")],
)
def test_an_option_that_breaks_its_rule_is_a_usage_error(
    mpesa: Callable[..., object], home: Path, option: str, value: str
) -> None:
    result = mpesa(*SANDBOX, option, value, env=SECRETS)
    assert result.status == 2
    assert option in result.stderr
    assert not (home / "config").exists()


def test_values_that_do_not_go_together_write_nothing(mpesa: Callable[..., object], home: Path) -> None:
    result = mpesa(*SANDBOX, "--till", "5012345", env=SECRETS)
    assert result.status == 10
    assert "kind is paybill" in result.stderr
    assert not (home / "config").exists()


def test_credentials_that_daraja_refuses_write_nothing(
    mpesa: Callable[..., object], home: Path, use_keyring: UseKeyring, tmp_path: Path
) -> None:
    use_keyring(GoodKeyring())
    answers = "demo\nsandbox\npaybill\n\n\n\n\n\nCANARY-key\nCANARY-secret\n"
    result = mpesa("init", tty=True, stdin=answers + "n\n", transport=daraja(400))
    assert result.status == 4
    assert "Nothing was written" in result.stderr
    assert not (home / "config" / "config.toml").exists()
    assert not (tmp_path / "keyring.json").exists()
    assert "CANARY" not in result.stderr


def test_what_daraja_refuses_is_typed_again_and_every_other_answer_is_kept(
    mpesa: Callable[..., object], home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(GoodKeyring())

    def answer(request: httpx.Request) -> httpx.Response:
        right = base64.b64encode(b"right-key:right-secret").decode()
        if request.headers["Authorization"] != f"Basic {right}":
            return httpx.Response(400, text="")
        return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})

    answers = ["demo", "sandbox", "paybill", "", "", "Duka", "sw", "", "wrong-key", "right-secret", "y", "right-key",
               "right-secret"]
    result = mpesa("init", tty=True, stdin="\n".join(answers) + "\n", transport=httpx.MockTransport(answer))
    assert result.status == 0, result.stderr
    assert config(home)["profile"]["demo"]["shop_name"] == "Duka"  # type: ignore[index]
    assert mpesa("config", "check", "--live", transport=httpx.MockTransport(answer)).status == 0


def test_a_key_that_was_pressed_before_a_question_is_no_answer_to_it() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r+b", buffering=0) as raw, io.TextIOWrapper(raw, write_through=True) as terminal:  # type: ignore[arg-type,type-var]
        os.write(ours, b"y\n")
        threading.Timer(0.3, os.write, (ours, b"n\n")).start()
        assert ask_yes(Streams(terminal, terminal, terminal, {}), "Ask the customer?") is False
    os.close(ours)


def test_without_a_network_nothing_is_written_unless_somebody_says_so(
    mpesa: Callable[..., object], home: Path
) -> None:
    result = mpesa(*SANDBOX, env=SECRETS, transport=unreachable())
    assert result.status == 5
    assert "--no-check" in result.stderr
    assert not (home / "config" / "config.toml").exists()
    answers = "\n\n\n\n"
    declined = mpesa(*SANDBOX, tty=True, stdin=answers + "\nn\n", env=SECRETS, transport=unreachable())
    assert declined.status == 5
    assert not (home / "config" / "config.toml").exists()
    assert mpesa(*SANDBOX, "--no-check", env=SECRETS, transport=unreachable()).status == 0
    assert "demo" in config(home)["profile"]  # type: ignore[operator]


def test_a_person_may_go_on_without_the_check(mpesa: Callable[..., object], home: Path) -> None:
    result = mpesa(*SANDBOX, tty=True, stdin="\n\n\n\n\ny\n", env=SECRETS, transport=unreachable())
    assert result.status == 0, result.stderr
    assert "demo" in config(home)["profile"]  # type: ignore[operator]


def test_the_simulator_profile_needs_no_account(mpesa: Callable[..., object], home: Path) -> None:
    result = mpesa("init", "-P", "try", "--environment", "simulator", "--kind", "paybill")
    assert result.status == 0, result.stderr
    assert load_profile({"MPESA_HOME": str(home)}).embedded


def test_without_a_keyring_a_person_is_asked_before_a_file_is_used(
    mpesa: Callable[..., object], home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(PlaintextKeyring())
    answers = "demo\nsandbox\npaybill\n\n\n\n\n\nCANARY-key\nCANARY-secret\n"
    declined = mpesa("init", tty=True, stdin=answers + "n\n", transport=daraja())
    assert declined.status == 10
    assert not (home / "config" / "config.toml").exists()
    assert not (home / "config" / "secrets").exists()
    result = mpesa("init", tty=True, stdin=answers + "y\n", transport=daraja())
    assert result.status == 0, result.stderr
    assert result.stderr.count("Keep the secrets in a file") == 1
    path = home / "config" / "secrets" / "demo" / "consumer-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


OLD = """\
# written by hand
[profile.demo]
environment = "sandbox"       # for now
callback_base_url = "https://pay.example.co.ke"
language = "sw"

[profile.demo.sms]
provider = "none"
"""


def test_an_existing_profile_is_never_overwritten_unasked(mpesa: Callable[..., object], home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(OLD)
    for extra in ({}, {"tty": True, "stdin": "\n" * 20}):
        result = mpesa(*SANDBOX, env=SECRETS, transport=daraja(), **extra)
        assert result.status == 9
        assert "--force" in result.stderr
    assert (home / "config" / "config.toml").read_text() == OLD


def test_with_force_only_the_answers_change(mpesa: Callable[..., object], home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(OLD)
    result = mpesa(*SANDBOX, "--shortcode", "600100", "--force", env=SECRETS, transport=daraja())
    assert result.status == 0, result.stderr
    text = (home / "config" / "config.toml").read_text()
    for line in OLD.splitlines():
        assert line in text
    assert config(home)["profile"]["demo"]["shortcode"] == "600100"  # type: ignore[index]


def test_a_second_profile_leaves_the_first_the_one_that_is_meant(mpesa: Callable[..., object], home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(OLD)
    other = ("init", "-P", "other", "--environment", "sandbox", "--kind", "paybill")
    assert mpesa(*other, env=SECRETS, transport=daraja()).status == 0
    assert config(home)["default_profile"] == "demo"
    assert load_profile({"MPESA_HOME": str(home)}).name == "demo"
    assert OLD in (home / "config" / "config.toml").read_text()


def test_the_config_option_says_which_file_is_made(mpesa: Callable[..., object], tmp_path: Path) -> None:
    result = mpesa("--config", str(tmp_path / "new" / "shop.toml"), *SANDBOX, env=SECRETS, transport=daraja())
    assert result.status == 0, result.stderr
    assert "[profile.demo]" in (tmp_path / "new" / "shop.toml").read_text()


def test_secrets_are_stored_before_the_file_is_written(
    mpesa: Callable[..., object], home: Path, use_keyring: UseKeyring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_keyring(GoodKeyring())

    def full(path: Path, text: str) -> None:
        raise SettingsError("disk full", hint="x")

    monkeypatch.setattr(save, "write_private", full)
    answers = "demo\nsandbox\npaybill\n\n\n\n\n\nkey\nsecret\n"
    result = mpesa("init", tty=True, stdin=answers, transport=daraja())
    assert result.status == 10
    assert "demo/consumer-secret" in (tmp_path / "keyring.json").read_text()
    assert not (home / "config" / "config.toml").exists()
    assert mpesa("config", "check").status == 0, "what was configured before still works"


def test_on_a_real_terminal_a_secret_is_not_echoed_and_echo_comes_back(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(OLD)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "mpesa_cli", "secrets", "set", "passkey", "--store", "file"],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "MPESA_HOME": str(home)},
    )
    seen = b""
    sent = False
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 4096)
        if b"not shown" in seen and not sent:
            os.write(ours, b"CANARY-passkey\n")
            sent = True
    import termios

    assert termios.tcgetattr(ours)[3] & termios.ECHO
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, seen
    assert b"CANARY" not in seen
    assert (home / "config" / "secrets" / "demo" / "passkey").read_text() == "CANARY-passkey\n"
