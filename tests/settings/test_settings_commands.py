"""``mpesa config`` and ``mpesa secrets``, through the command line."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_keyrings import GoodKeyring, PlaintextKeyring
from keyring.backend import KeyringBackend

from mpesa_cli.settings.keys import KEYS
from mpesa_cli.settings.secret_names import SECRET_NAMES

Mpesa = Callable[..., "Result"]


class Result:
    """For the type checker: what the fixture returns."""

    status: int
    stdout: str
    stderr: str


UseKeyring = Callable[[KeyringBackend], KeyringBackend]

SHOP = """\
[profile.shop]
environment = "sandbox"
callback_base_url = "https://pay.example.co.ke"
"""
GIVEN = {"MPESA_CONSUMER_KEY": "CANARY-key", "MPESA_CONSUMER_SECRET": "CANARY-secret"}


@pytest.fixture
def config(home: Path) -> Callable[[str], Path]:
    """Write the configuration file."""

    def write(text: str) -> Path:
        path = home / "config" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_show_has_every_key_with_its_value_and_source(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    path = config(SHOP + "timeout_s = 60\n")
    shown = json.loads(mpesa("config", "show", "--json", env={"MPESA_LANGUAGE": "sw"}).stdout)
    assert set(shown["values"]) == {key.name for key in KEYS}
    assert shown["values"]["timeout_s"] == {"value": 60, "source": f"{path} [profile.shop]"}
    assert shown["values"]["language"] == {"value": "sw", "source": "MPESA_LANGUAGE"}
    assert shown["values"]["kind"] == {"value": "paybill", "source": "default"}
    assert (shown["profile"], shown["environment"]) == ("shop", "sandbox")
    assert set(shown["secrets"]) == set(SECRET_NAMES)


def test_show_in_a_pipe_is_full_rows_and_no_secret(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP)
    result = mpesa("config", "show", env=GIVEN)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert {len(row) for row in rows} == {3}
    assert ["consumer-key", "•••", "MPESA_CONSUMER_KEY"] in rows
    assert ["profile", "shop", f"{config(SHOP)} [profile.shop], the only profile"] in rows
    assert "CANARY" not in result.stdout + result.stderr


def test_show_works_with_nothing_configured(mpesa: Mpesa, home: Path) -> None:
    result = mpesa("config", "show")
    assert result.status == 0
    assert "profile\tsimulator\tdefault" in result.stdout
    assert not (home / "config").exists()


def test_path_prints_the_file_and_says_where_it_is_missing(mpesa: Mpesa, home: Path) -> None:
    result = mpesa("config", "path")
    assert result.stdout == f"{home}/config/config.toml\n"
    assert "mpesa init" in result.stderr
    shown = json.loads(mpesa("--config", "/etc/shop.toml", "config", "path", "--json").stdout)
    assert (shown["config_file"], shown["exists"]) == ("/etc/shop.toml", False)


def test_check_is_content_with_a_complete_profile(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP)
    result = mpesa("config", "check", env=GIVEN)
    assert result.status == 0
    assert "profile shop (sandbox, in use): ok" in result.stdout
    assert "other programs of this user can read the environment" in result.stdout


def test_check_finds_everything_that_is_wrong_at_once(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    path = config(
        'default_profile = "shop"\nx = 1\n' + SHOP + 'shorcode = "1"\ntimeout_s = "1"\n'
        '[profile.other]\nenvironment = "production"\n'
    )
    result = mpesa("config", "check")
    assert result.status == 10
    for part in (str(path), "'x'", "'shorcode'", "Did you mean 'shortcode'", "timeout_s", "shortcode is missing"):
        assert part in result.stdout
    report = json.loads(mpesa("config", "check", "--json").stdout)
    assert report["ok"] is False
    assert [entry["profile"] for entry in report["profiles"]] == ["shop", "other"]


def test_check_reports_missing_secrets_with_the_way_to_give_them(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP)
    result = mpesa("config", "check")
    assert result.status == 10
    assert "mpesa secrets set consumer-key --profile shop" in result.stdout
    assert "passkey" not in result.stdout, "the sandbox's is public"


@pytest.mark.parametrize("text", ["[profile", 'default_profile = "none"\n', SHOP + SHOP.replace("shop", "two")])
def test_check_exits_10_on_a_file_that_cannot_be_used(mpesa: Mpesa, config: Callable[[str], Path], text: str) -> None:
    config(text)
    result = mpesa("config", "check")
    assert result.status == 10
    assert "error: " in result.stdout
    assert json.loads(mpesa("config", "check", "--json").stdout)["ok"] is False


def test_check_of_the_simulator_needs_nothing(mpesa: Mpesa) -> None:
    assert mpesa("config", "check").status == 0
    live = mpesa("config", "check", "--live")
    assert live.status == 0
    assert "live: the simulator" in live.stdout


def test_check_of_one_profile_leaves_the_others_out(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP + "[profile.other]\nx = 1\n")
    assert mpesa("config", "check", "-P", "shop", env=GIVEN).status == 0
    assert mpesa("config", "check", "-P", "other", env=GIVEN).status == 10


def test_secrets_set_reads_standard_input_and_stores_nothing_readable_elsewhere(
    mpesa: Mpesa, config: Callable[[str], Path], home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(GoodKeyring())
    config(SHOP)
    result = mpesa("secrets", "set", "consumer-key", "--stdin", stdin="CANARY-key\n")
    assert result.status == 0
    assert result.stdout == ""
    listed = json.loads(mpesa("secrets", "list", "--json").stdout)
    assert {"name": "consumer-key", "source": "keyring", "readable": True} in listed["secrets"]
    everything = "".join(path.read_text() for path in home.rglob("*") if path.is_file())
    assert "CANARY" not in everything + result.stdout + result.stderr


def test_secrets_set_asks_a_person_unseen(mpesa: Mpesa, config: Callable[[str], Path], use_keyring: UseKeyring) -> None:
    use_keyring(GoodKeyring())
    config(SHOP)
    result = mpesa("secrets", "set", "consumer-key", tty=True, stdin="CANARY-key\n")
    assert result.status == 0
    assert "consumer-key (not shown): " in result.stderr
    assert "CANARY" not in result.stdout + result.stderr


def test_secrets_set_with_nobody_there_names_the_flag(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP)
    result = mpesa("secrets", "set", "consumer-key", stdin="CANARY\n")
    assert result.status == 9
    assert "--stdin" in result.stderr


def test_secrets_set_without_a_safe_keyring_stops_and_offers_two_ways(
    mpesa: Mpesa, config: Callable[[str], Path], home: Path, use_keyring: UseKeyring
) -> None:
    use_keyring(PlaintextKeyring())
    config(SHOP)
    result = mpesa("secrets", "set", "consumer-key", "--stdin", stdin="CANARY\n")
    assert result.status == 10
    assert "MPESA_CONSUMER_KEY_FILE" in result.stderr
    assert "--store file" in result.stderr
    assert "CANARY" not in result.stderr
    stored = mpesa("secrets", "set", "consumer-key", "--stdin", "--store", "file", "--json", stdin="CANARY\n")
    assert json.loads(stored.stdout)["stored_in"] == f"file {home}/config/secrets/shop/consumer-key"
    assert "unencrypted" in mpesa("config", "check").stdout, "said aloud each time"


def test_secrets_set_says_when_another_source_wins(mpesa: Mpesa, config: Callable[[str], Path]) -> None:
    config(SHOP)
    result = mpesa(
        "secrets", "set", "consumer-key", "--stdin", "--store", "file", stdin="x\n", env={"MPESA_CONSUMER_KEY": "y"}
    )
    assert result.status == 0
    assert "MPESA_CONSUMER_KEY comes before it" in result.stderr


@pytest.mark.parametrize("value", ["", "\n", "two\nlines\n", "caf\u00e9\n"])
def test_secrets_set_refuses_what_can_be_no_key(mpesa: Mpesa, config: Callable[[str], Path], value: str) -> None:
    config(SHOP)
    result = mpesa("secrets", "set", "consumer-key", "--stdin", "--store", "file", stdin=value)
    assert result.status == 10
    assert value.strip() == "" or value.strip() not in result.stderr


def test_the_simulator_takes_no_secret(mpesa: Mpesa) -> None:
    result = mpesa("secrets", "set", "consumer-key", "--stdin", stdin="CANARY\n")
    assert result.status == 10
    assert "mpesa init" in result.stderr


def test_an_unknown_secret_is_a_usage_error(mpesa: Mpesa) -> None:
    for verb in (["set", "pass-key", "--stdin"], ["delete", "pass-key"]):
        result = mpesa("secrets", *verb)
        assert result.status == 2
        assert "Did you mean 'passkey'?" in result.stderr


def test_secrets_delete_forgets_and_says_what_is_left(
    mpesa: Mpesa, config: Callable[[str], Path], use_keyring: UseKeyring
) -> None:
    use_keyring(GoodKeyring())
    config(SHOP)
    mpesa("secrets", "set", "passkey", "--stdin", stdin="own\n")
    result = mpesa("secrets", "delete", "passkey")
    assert result.status == 0
    assert "public passkey" in result.stderr
    again = mpesa("secrets", "delete", "passkey")
    assert again.status == 2
    assert "It comes from" in again.stderr


@pytest.mark.parametrize(
    "command", ["init", "config show", "config check", "config path", "secrets set", "secrets list", "secrets delete"]
)
def test_help_leads_with_examples_that_name_the_command(mpesa: Mpesa, command: str) -> None:
    result = mpesa(*command.split(), "--help")
    assert result.status == 0
    assert re.search(rf"Examples:\n\s+mpesa {command}", result.stdout)
