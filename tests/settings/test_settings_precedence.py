"""Flag before environment before file before default, for every key there is."""

from pathlib import Path

import pytest

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.settings.keys import KEYS
from mpesa_cli.settings.sources import load_profile

# For each key: a value as TOML writes it and another as the environment gives it, with what both become.
EXAMPLES: dict[str, tuple[str, object, str, object]] = {
    "environment": ('"sandbox"', "sandbox", "simulator", "simulator"),
    "kind": ('"till"', "till", "till", "till"),
    "shortcode": ('"247247"', "247247", "600100", "600100"),
    "till": ('"5012345"', "5012345", "5055555", "5055555"),
    "account_reference": ('"A{order}"', "A{order}", "B-{order}", "B-{order}"),
    "account_reference_max": ("15", 15, "20", 20),
    "description": ('"From the file"', "From the file", "From outside", "From outside"),
    "description_max": ("20", 20, "30", 30),
    "account_number": ('"0740271041"', "0740271041", "0700000000", "0700000000"),
    "shop_name": ('"File Shop"', "File Shop", "Other Shop", "Other Shop"),
    "store_name": ('"FILE STORE"', "FILE STORE", "OTHER STORE", "OTHER STORE"),
    "callback_base_url": ('"https://a.example/"', "https://a.example", "https://b.example", "https://b.example"),
    "answers": ('"query"', "query", "callback", "callback"),
    "base_url": ('"https://sandbox.safaricom.co.ke"', "https://sandbox.safaricom.co.ke", "https://sandbox.safaricom.co.ke/",
                 "https://sandbox.safaricom.co.ke"),
    "ledger": ('"/srv/a.db"', Path("/srv/a.db"), "/srv/b.db", Path("/srv/b.db")),
    "ledger_schema": ('"a_1"', "a_1", "b", "b"),
    "durability": ('"provider"', "provider", "standby", "standby"),
    "timeout_s": ("60", 60, "90", 90),
    "callback_ips": ('"off"', "off", "enforce", "enforce"),
    "c2b_validation": ('"range"', "range", "known_order", "known_order"),
    "listener": ('"none"', "none", "here", "here"),
    "compare_within_days": ("7", 7, "OFF", "off"),
    "unpaid_after_minutes": ("30", 30, "45", 45),
    "tunnel": ('"nginx"', "nginx", "cloudflare", "cloudflare"),
    "language": ('"sw"', "sw", "en", "en"),
    "rate_per_s": ("2", 2.0, "0.5", 0.5),
    "limits.amount_min": ("10", 10, "20", 20),
    "limits.amount_max": ("1000", 1000, "2000", 2000),
    "sms.provider": ('"none"', "none", "partner_id", "partner_id"),
    "sms.username": ('"a"', "a", "b", "b"),
    "sms.sender_id": ('"A"', "A", "B", "B"),
    "sms.base_url": ('"https://a.example"', "https://a.example", "https://b.example", "https://b.example"),
    "sms.partner_id": ('"1"', "1", "2", "2"),
    "sms.send_receipts": ("true", True, "yes", True),
    "sms.file": ('"/srv/a.txt"', Path("/srv/a.txt"), "/srv/b.txt", Path("/srv/b.txt")),
    "initiator.name": ('"a"', "a", "b", "b"),
    "initiator.certificate": ('"/srv/a.cer"', Path("/srv/a.cer"), "/srv/b.cer", Path("/srv/b.cer")),
    "refunds.enabled": ("true", True, "no", False),
    "refunds.max": ("1000", 1000, "2000", 2000),
    "refunds.daily_max": ("5000", 5000, "6000", 6000),
    "refunds.approve_above": ("0", 0, "500", 500),
    "refunds.identifier_type": ('"4"', "4", "11", "11"),
    "payouts.enabled": ("true", True, "no", False),
    "payouts.max": ("1000", 1000, "2000", 2000),
    "payouts.daily_max": ("5000", 5000, "6000", 6000),
    "payouts.approve_above": ("0", 0, "500", 500),
    "payouts.version": ('"v1"', "v1", "v3", "v3"),
    "api.issuer": ('"https://a.example/"', "https://a.example/", "b", "b"),
    "api.audience": ('"a"', "a", "b", "b"),
    "api.public_key": ('"/srv/a.pem"', Path("/srv/a.pem"), "/srv/b.pem", Path("/srv/b.pem")),
    "api.jwks": ('"/srv/a.json"', Path("/srv/a.json"), "/srv/b.json", Path("/srv/b.json")),
    "api.origins": ('"https://A.example/ http://localhost:5173"', "https://a.example http://localhost:5173",
                    "https://b.example", "https://b.example"),
    "api.rate_per_token": ("60", 60, "120", 120),
    "api.rate_per_phone": ("2", 2, "4", 4),
}


def test_every_key_has_an_example_here() -> None:
    assert set(EXAMPLES) == {key.name for key in KEYS}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_environment_beats_file_beats_default_and_the_source_is_remembered(home: Path, key: object) -> None:
    name = key.name  # type: ignore[attr-defined]
    in_file, from_file, in_environment, from_environment = EXAMPLES[name]
    section, _, last = name.rpartition(".")
    base = {"environment": '"sandbox"', "kind": '"till"', "till": '"5000000"'}
    if name == "kind":
        base["till"] = '"5000000"'
    lines = [f"{other} = {value}" for other, value in base.items() if other != name]
    table = f"[profile.shop.{section}]" if section else ""
    environ = {"MPESA_HOME": str(home)}
    path = home / "config" / "config.toml"
    path.parent.mkdir(parents=True)

    if name not in base:
        path.write_text("\n".join(["[profile.shop]", *lines]))
        assert load_profile(environ).sources[name] in {"default", "the embedded simulator"}

    path.write_text("\n".join(["[profile.shop]", *lines, table, f"{last} = {in_file}"]))
    profile = load_profile(environ)
    assert profile.value_of(name) == from_file
    assert profile.sources[name] == f"{path} [profile.shop]"

    variable = "MPESA_" + name.replace(".", "_").upper()
    profile = load_profile(environ | {variable: in_environment, "APP_URL": "https://last.example"})
    # The simulator's callbacks stay in the process; every other value is the variable's.
    assert profile.value_of(name) == from_environment
    assert profile.sources[name] == variable

    for nothing in ("", "  "):
        assert load_profile(environ | {variable: nothing}).value_of(name) == from_file


BAD_VALUES = {
    "MPESA_ANSWERS": "sms",
    "MPESA_ENVIRONMENT": "prod",
    "MPESA_KIND": "buygoods",
    "MPESA_SHORTCODE": "12",
    "MPESA_TILL": "twelve",
    "MPESA_ACCOUNT_REFERENCE": "A#{order}",
    "MPESA_ACCOUNT_REFERENCE_MAX": "0",
    "MPESA_DESCRIPTION": "x" * 101,
    "MPESA_DESCRIPTION_MAX": "-1",
    "MPESA_ACCOUNT_NUMBER": "a\nb",
    "MPESA_SHOP_NAME": "x" * 101,
    "MPESA_STORE_NAME": "x" * 101,
    "MPESA_CALLBACK_BASE_URL": "http://shop.example",
    "MPESA_BASE_URL": "ftp://sandbox.safaricom.co.ke",
    "MPESA_LEDGER": "here.db",
    "MPESA_LEDGER_SCHEMA": "Shop",
    "MPESA_DURABILITY": "perhaps",
    "MPESA_TIMEOUT_S": "1e3",
    "MPESA_CALLBACK_IPS": "yes",
    "MPESA_C2B_VALIDATION": "sometimes",
    "MPESA_LISTENER": "there",
    "MPESA_COMPARE_WITHIN_DAYS": "0",
    "MPESA_UNPAID_AFTER_MINUTES": "2",
    "MPESA_TUNNEL": "ngrok",
    "MPESA_LANGUAGE": "sheng",
    "MPESA_RATE_PER_S": "nan",
    "MPESA_LIMITS_AMOUNT_MIN": "1.5",
    "MPESA_LIMITS_AMOUNT_MAX": "٢٥",
    "MPESA_SMS_PROVIDER": "twilio",
    "MPESA_SMS_USERNAME": "a\x00b",
    "MPESA_SMS_SENDER_ID": "x" * 101,
    "MPESA_SMS_BASE_URL": "sms.example",
    "MPESA_SMS_PARTNER_ID": "a\tb",
    "MPESA_SMS_SEND_RECEIPTS": "perhaps",
    "MPESA_SMS_FILE": "sms.txt",
    "MPESA_INITIATOR_NAME": "a\nb",
    "MPESA_INITIATOR_CERTIFICATE": "here.cer",
    "MPESA_REFUNDS_ENABLED": "perhaps",
    "MPESA_REFUNDS_MAX": "0",
    "MPESA_REFUNDS_DAILY_MAX": "1.5",
    "MPESA_REFUNDS_APPROVE_ABOVE": "-1",
    "MPESA_REFUNDS_IDENTIFIER_TYPE": "2",
    "MPESA_PAYOUTS_ENABLED": "perhaps",
    "MPESA_PAYOUTS_MAX": "0",
    "MPESA_PAYOUTS_DAILY_MAX": "1.5",
    "MPESA_PAYOUTS_APPROVE_ABOVE": "-1",
    "MPESA_PAYOUTS_VERSION": "v2",
    "MPESA_API_ISSUER": "a\nb",
    "MPESA_API_AUDIENCE": "x" * 101,
    "MPESA_API_PUBLIC_KEY": "key.pem",
    "MPESA_API_JWKS": "keys.json",
    "MPESA_API_ORIGINS": "https://shop.example/page",
    "MPESA_API_RATE_PER_TOKEN": "0",
    "MPESA_API_RATE_PER_PHONE": "often",
}


def test_every_variable_has_a_bad_example_here() -> None:
    assert set(BAD_VALUES) == {key.variable for key in KEYS}


@pytest.mark.parametrize(("variable", "value"), BAD_VALUES.items())
def test_a_bad_variable_is_refused_by_the_same_rules_and_by_its_name(home: Path, variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_profile({"MPESA_HOME": str(home), "MPESA_CONSUMER_KEY": "x", variable: value})
    assert caught.value.message.startswith(variable + " ")
    assert variable in caught.value.hint


def test_app_url_is_the_callback_base_and_the_longer_name_wins(home: Path) -> None:
    environ = {"MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "sandbox", "APP_URL": "https://app.example/"}
    profile = load_profile(environ)
    assert (profile.callback_base_url, profile.sources["callback_base_url"]) == ("https://app.example", "APP_URL")
    profile = load_profile(environ | {"MPESA_CALLBACK_BASE_URL": "https://pay.example"})
    assert profile.callback_base_url == "https://pay.example"


def test_variables_that_are_no_keys_are_ignored(home: Path) -> None:
    load_profile({"MPESA_HOME": str(home), "MPESA_SHORTCOD": "x", "MPESA_LOG": "y"})


def test_a_password_in_an_address_is_refused_and_not_shown(home: Path) -> None:
    for address in ("https://user:CANARY@pay.example", "https://user:CANARY@[pay.example", "https://u:CANARY@x:99999"):
        with pytest.raises(SettingsError) as caught:
            load_profile({"MPESA_HOME": str(home), "MPESA_ENVIRONMENT": "sandbox", "APP_URL": address})
        assert "CANARY" not in caught.value.message + caught.value.hint
