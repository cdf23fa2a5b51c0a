"""The table of keys, the example file and the profile say the same."""

import dataclasses
import typing
from pathlib import Path

import pytest

from mpesa_cli.settings.checkup import profile_gaps, profile_warnings
from mpesa_cli.settings.keys import KEYS, SECTIONS
from mpesa_cli.settings.model import read_config
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.secret_names import SECRET_NAMES
from mpesa_cli.settings.sources import load_profile

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def example(home: Path, name: str | None = None) -> Profile:
    return load_profile({"MPESA_HOME": str(home)}, profile_flag=name, config_flag=str(EXAMPLE))


def test_the_table_has_every_field_of_a_profile_and_no_other() -> None:
    kinds = typing.get_type_hints(Profile)
    fields = {field.name for field in dataclasses.fields(Profile)} - {"name", "sources", "database", *SECTIONS}
    fields |= {f"{section}.{field.name}" for section in SECTIONS for field in dataclasses.fields(kinds[section])}
    assert {key.name for key in KEYS} == fields


def test_defaults_obey_their_own_rules() -> None:
    for key in KEYS:
        if key.default is not None:
            assert not key.choices or key.default in key.choices, key.name
            assert key.rule is None or key.rule(key.default) == key.default, key.name


def test_no_secret_is_a_key_and_no_variable_means_two_things() -> None:
    variables = [variable for key in KEYS for variable in key.variables]
    variables += ["MPESA_" + name.replace("-", "_").upper() for name in SECRET_NAMES]
    assert len(variables) == len(set(variables))


def test_every_key_says_what_it_means_and_what_happens_without_it() -> None:
    for key in KEYS:
        assert len(key.meaning) > 10, key.name
        assert key.shown_default(), key.name


def test_the_example_file_is_right_in_every_profile(home: Path) -> None:
    config = read_config(EXAMPLE, required=True)
    assert config is not None
    assert config.problems == ()
    assert set(config.profiles) == {"household-planet", "sandbox", "till"}
    for name in config.profiles:
        assert profile_gaps(example(home, name)) == []


def test_the_example_file_holds_household_planet(home: Path) -> None:
    profile = example(home)
    assert profile.name == "household-planet"
    assert (profile.environment, profile.kind, profile.shortcode) == ("production", "paybill", "247247")
    assert (profile.account_reference, profile.account_reference_max) == ("HouseholdPlanet", 15)
    assert profile.description == "Household Planet Kenya Payment"
    assert profile.account_number == "0740271041"
    assert (profile.sms.provider, profile.sms.sender_id, profile.sms.send_receipts) == (
        "africas_talking", "HOUSEHOLD", True,
    )
    assert (profile.limits.amount_min, profile.limits.amount_max) == (1, 250_000)


def test_the_example_file_names_every_key(home: Path) -> None:
    text = EXAMPLE.read_text()
    for key in KEYS:
        assert f"{key.name.rpartition('.')[2]} = " in text, key.name


def test_a_constant_reference_is_warned_of_and_one_with_the_order_is_not(home: Path) -> None:
    assert any("account_reference" in warning for warning in profile_warnings(example(home)))
    assert not any("account_reference" in warning for warning in profile_warnings(example(home, "sandbox")))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"MPESA_CALLBACK_BASE_URL": "https://mpesa.example"}, "mpesa"),
        ({"MPESA_CALLBACK_BASE_URL": "https://x.ngrok-free.app"}, "tunnel"),
        ({"MPESA_BASE_URL": "http://127.0.0.1:1", "MPESA_ENVIRONMENT": "production"}, "counts as real money"),
        ({"MPESA_SMS_PROVIDER": "partner_id"}, "partner_id"),
        ({"MPESA_SMS_PROVIDER": "none"}, "no receipt"),
        ({"MPESA_ENVIRONMENT": "sandbox"}, "174379"),
        ({"MPESA_KIND": "till", "MPESA_TILL": "247247"}, "store"),
        ({"MPESA_ENVIRONMENT": "sandbox", "MPESA_CALLBACK_BASE_URL": "http://localhost:1"}, "can't reach"),
        *(({f"MPESA_{section}_{key}": value for key, value in (("ENABLED", "1"), ("MAX", "10"), ("DAILY_MAX", "10"))},
           says) for section, says in (
            ("REFUNDS", "one person alone may give back"), ("PAYOUTS", "one person alone may pay out"),
            ("REFUNDS", "nothing can be given back"), ("PAYOUTS", "nothing can be paid out"))),
    ],
)
def test_what_is_allowed_and_likely_to_hurt_is_warned_of(home: Path, changes: dict[str, str], says: str) -> None:
    profile = load_profile({"MPESA_HOME": str(home), **changes}, config_flag=str(EXAMPLE))
    assert any(says in warning for warning in profile_warnings(profile)), profile_warnings(profile)
