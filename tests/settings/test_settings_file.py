"""Reading the configuration file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.settings.sources import load_profile

Load = Callable[..., object]

SHOP = """
[profile.shop]
environment = "sandbox"
callback_base_url = "https://pay.example.co.ke"
"""
WITH_CRLF = SHOP.replace("\n", "\r\n").encode()


@pytest.fixture
def write(home: Path) -> Callable[[str | bytes], dict[str, str]]:
    """Write config.toml and return the environment that finds it."""

    def _write(text: str | bytes) -> dict[str, str]:
        path = home / "config" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {"MPESA_HOME": str(home)}

    return _write


def refused(environ: dict[str, str], profile: str | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_profile(environ, profile_flag=profile)
    return caught.value


def test_a_file_of_one_profile_is_used_without_naming_it(write: Callable[..., dict[str, str]]) -> None:
    assert load_profile(write(SHOP)).name == "shop"


@pytest.mark.parametrize(
    "raw",
    [b"\xef\xbb\xbf" + SHOP.encode(), WITH_CRLF, b"\xef\xbb\xbf" + WITH_CRLF],
    ids=["byte-order-mark", "crlf", "both"],
)
def test_what_windows_editors_write_is_read(write: Callable[..., dict[str, str]], raw: bytes) -> None:
    assert load_profile(write(raw)).environment == "sandbox"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"[profile.shop\n", "line 1"),
        (b"\xff\xfe[\x00p\x00", "UTF-8"),
        (b'[profile.shop]\nshop_name = "caf\xe9"\n', "UTF-8"),
        (b"x = 2026-13-45\n", "not valid TOML"),
        (b"x = " + b"[" * 100_000, "not valid TOML"),
        (b"#" * (1 << 20) + b"#", "1 MiB"),
        (b"[profile.shop]\nshortcode = 0740271041\n", "line 2"),
    ],
    ids=["unclosed", "utf-16", "latin-1", "no-date", "deep", "huge", "leading-zero"],
)
def test_a_file_that_is_not_toml_names_itself_and_why(
    write: Callable[..., dict[str, str]], home: Path, raw: bytes, says: str
) -> None:
    error = refused(write(raw))
    assert str(home / "config" / "config.toml") in error.message
    assert says in error.message
    assert error.code == "config-invalid"
    assert "mpesa config check" in error.hint


def test_a_folder_in_the_files_place_is_an_error(home: Path) -> None:
    (home / "config" / "config.toml").mkdir(parents=True)
    assert refused({"MPESA_HOME": str(home)}).code == "config-unreadable"


def test_a_named_file_must_exist_and_the_usual_one_need_not(home: Path) -> None:
    assert load_profile({"MPESA_HOME": str(home)}).name == "simulator"
    assert refused({"MPESA_HOME": str(home), "MPESA_CONFIG": "/nowhere/x.toml"}).code == "no-config-file"
    with pytest.raises(SettingsError, match="nowhere"):
        load_profile({"MPESA_HOME": str(home)}, config_flag="/nowhere/y.toml")


def test_an_unknown_key_names_file_profile_and_key_and_the_right_one(
    write: Callable[..., dict[str, str]], home: Path
) -> None:
    error = refused(write(SHOP + 'shorcode = "174379"\n'))
    for part in (str(home / "config" / "config.toml"), "profile.shop", "'shorcode'"):
        assert part in error.message
    assert "Did you mean 'shortcode'?" in error.hint


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        (SHOP + '[profile.shop.sms]\nusernam = "x"\n', "sms.usernam", "sms.username"),
        (SHOP + "[profile.shop.limits]\namount_maxx = 5\n", "limits.amount_maxx", "limits.amount_max"),
        (SHOP + "[profile.shop.sns]\nprovider = 'none'\n", "sns", None),
        ('default_profil = "shop"\n' + SHOP, "default_profil", "default_profile"),
        (SHOP + "[profil.other]\n", "profil", "profile"),
    ],
)
def test_unknown_keys_are_errors_in_every_table(
    write: Callable[..., dict[str, str]], text: str, key: str, meant: str | None
) -> None:
    error = refused(write(text))
    assert repr(key) in error.message
    if meant:
        assert f"Did you mean {meant!r}?" in error.hint


@pytest.mark.parametrize("key", ["passkey", "consumer_secret", "CONSUMER_KEY", "consumer-secret"])
def test_a_secret_in_the_file_is_refused_without_showing_it(write: Callable[..., dict[str, str]], key: str) -> None:
    error = refused(write(SHOP + f'{key} = "CANARY-1234"\n'))
    assert "mpesa secrets set" in error.hint
    assert "CANARY" not in error.message + error.hint + repr(error.__context__)


def test_the_sms_key_in_its_table_is_a_secret_too(write: Callable[..., dict[str, str]]) -> None:
    error = refused(write(SHOP + '[profile.shop.sms]\napi_key = "CANARY-1234"\n'))
    assert "mpesa secrets set sms-api-key" in error.hint
    assert "CANARY" not in error.message + error.hint


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("shortcode = 247247", 'shortcode = "247247"'),
        ('timeout_s = "120"', "whole number"),
        ("timeout_s = true", "whole number"),
        ("timeout_s = 12.5", "whole number"),
        ("description = ['a']", "text"),
        ('kind = "Till"', "paybill or till"),
        ('callback_ips = "on"', "off, warn or enforce"),
    ],
)
def test_types_are_strict_and_the_error_shows_the_right_form(
    write: Callable[..., dict[str, str]], line: str, says: str
) -> None:
    assert says in refused(write(SHOP + line + "\n")).message


def test_a_mistake_in_another_profile_does_not_stop_this_one(write: Callable[..., dict[str, str]]) -> None:
    environ = write(SHOP + '[profile.other]\nshorcode = "1"\n')
    assert load_profile(environ, profile_flag="shop").name == "shop"
    assert refused(environ, "other").code == "unknown-key"


def test_several_mistakes_are_counted(write: Callable[..., dict[str, str]]) -> None:
    assert "2 more" in refused(write(SHOP + 'a = 1\nb = 2\nc = 3\n')).hint


@pytest.mark.parametrize("name", ["../../etc/x", "a b", "", "x" * 41, "naïve"])
def test_a_profiles_name_can_be_part_of_a_files_name(write: Callable[..., dict[str, str]], name: str) -> None:
    assert refused(write(f'[profile."{name}"]\nenvironment = "sandbox"\n')).exit_status == 10


@pytest.mark.parametrize("text", ['profile = "shop"\n', '[profile]\nshop = "x"\n', "default_profile = 3\n" + SHOP])
def test_a_value_where_a_table_belongs_is_an_error(write: Callable[..., dict[str, str]], text: str) -> None:
    assert refused(write(text)).exit_status == 10


def test_a_default_that_does_not_exist_is_an_error_with_the_near_name(write: Callable[..., dict[str, str]]) -> None:
    error = refused(write('default_profile = "shp"\n' + SHOP))
    assert "'shp'" in error.message
    assert "Did you mean 'shop'?" in error.hint


def test_relative_paths_count_from_the_files_folder(write: Callable[..., dict[str, str]], home: Path) -> None:
    profile = load_profile(write(SHOP + 'ledger = "shop.db"\n[profile.shop.sms]\nfile = "../sms.txt"\n'))
    assert profile.ledger == home / "config" / "shop.db"
    assert profile.sms.file == home / "config" / ".." / "sms.txt"


def test_the_ledger_is_one_per_profile_and_environment(write: Callable[..., dict[str, str]], home: Path) -> None:
    environ = write(SHOP)
    assert load_profile(environ).ledger == home / "data" / "shop-sandbox.db"
    assert load_profile(environ | {"MPESA_ENVIRONMENT": "simulator"}).ledger == home / "data" / "shop-simulator.db"
