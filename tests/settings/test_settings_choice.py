"""Which profile is used, and which environment it is in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.settings.profile import EMBEDDED_BASE_URL, EMBEDDED_CALLBACK_BASE
from mpesa_cli.settings.sources import load_profile, profile_names

Environ = dict[str, str]
ONE = '[profile.shop]\nenvironment = "sandbox"\n'
TWO = ONE + '[profile.till-ngong]\nenvironment = "sandbox"\n'


@pytest.fixture
def environ(home: Path) -> Callable[..., Environ]:
    """The environment with a file of this text, or none, and these variables."""

    def _environ(text: str | None = None, **variables: str) -> Environ:
        if text is not None:
            (home / "config").mkdir(parents=True, exist_ok=True)
            (home / "config" / "config.toml").write_text(text)
        return {"MPESA_HOME": str(home), **variables}

    return _environ


def refused(environ: Environ, flag: str | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_profile(environ, profile_flag=flag)
    return caught.value


def test_with_nothing_configured_it_is_the_simulator_in_the_process(
    environ: Callable[..., Environ], home: Path
) -> None:
    profile = load_profile(environ())
    assert (profile.name, profile.environment, profile.shortcode) == ("simulator", "simulator", "174379")
    assert profile.embedded
    assert (profile.base_url, profile.callback_base_url) == (EMBEDDED_BASE_URL, EMBEDDED_CALLBACK_BASE)
    assert profile.party_b == "174379"
    assert not home.exists(), "looking must not make folders"


def test_an_empty_file_configures_nothing(environ: Callable[..., Environ]) -> None:
    assert load_profile(environ("# nothing yet\n")).name == "simulator"


def test_the_flag_comes_before_the_variable_before_the_files_default(environ: Callable[..., Environ]) -> None:
    text = 'default_profile = "shop"\n' + TWO
    assert load_profile(environ(text)).name == "shop"
    assert load_profile(environ(text, MPESA_PROFILE="till-ngong")).name == "till-ngong"
    chosen = load_profile(environ(text, MPESA_PROFILE="till-ngong"), profile_flag="shop")
    assert (chosen.name, chosen.sources["name"]) == ("shop", "flag")


def test_the_only_profile_needs_no_naming(environ: Callable[..., Environ]) -> None:
    assert load_profile(environ(ONE)).name == "shop"


def test_several_profiles_without_a_default_are_never_guessed_between(environ: Callable[..., Environ]) -> None:
    error = refused(environ(TWO))
    assert error.code == "profile-not-chosen"
    assert "shop, till-ngong" in error.message
    assert "--profile shop" in error.hint


@pytest.mark.parametrize(("asked", "meant"), [("sho", "shop"), ("till-ngng", "till-ngong"), ("simulater", "simulator")])
def test_an_unknown_profile_is_an_error_with_the_near_name(
    environ: Callable[..., Environ], asked: str, meant: str
) -> None:
    for error in (refused(environ(TWO), asked), refused(environ(TWO, MPESA_PROFILE=asked))):
        assert error.code == "unknown-profile"
        assert f"Did you mean {meant!r}?" in error.hint


def test_once_a_profile_is_configured_the_simulator_is_used_only_by_name(environ: Callable[..., Environ]) -> None:
    assert load_profile(environ(ONE)).environment == "sandbox"
    assert load_profile(environ(ONE), profile_flag="simulator").embedded
    assert load_profile(environ(ONE, MPESA_PROFILE="simulator")).embedded
    assert load_profile(environ('default_profile = "simulator"\n' + ONE)).embedded


def test_a_profile_named_simulator_is_that_profile(environ: Callable[..., Environ]) -> None:
    text = '[profile.simulator]\nenvironment = "simulator"\nbase_url = "http://127.0.0.1:9100"\n'
    profile = load_profile(environ(text), profile_flag="simulator")
    assert (profile.base_url, profile.embedded) == ("http://127.0.0.1:9100", False)


@pytest.mark.parametrize(
    "variables",
    [{"MPESA_CONSUMER_KEY": "x"}, {"MPESA_CONSUMER_KEY_FILE": "/run/key"}, {"MPESA_SHORTCODE": "600100"},
     {"MPESA_BASE_URL": "https://sandbox.safaricom.co.ke"}, {"MPESA_ENVIRONMENT": "sandbox"}],
    ids=lambda variables: next(iter(variables)),
)
def test_the_environment_alone_makes_a_profile(environ: Callable[..., Environ], variables: Environ) -> None:
    profile = load_profile(environ(**variables))
    assert (profile.name, profile.environment) == ("env", "sandbox")
    assert load_profile(environ(**variables), profile_flag="env") == load_profile(
        environ(**variables, MPESA_PROFILE="env"), profile_flag="env"
    )


def test_variables_that_make_no_profile_leave_the_simulator(environ: Callable[..., Environ]) -> None:
    assert load_profile(environ(MPESA_LANGUAGE="sw", APP_URL="https://a.example")).embedded
    assert refused(environ(), "env").code == "unknown-profile"


@pytest.mark.parametrize(
    ("base_url", "environment"),
    [
        ("https://sandbox.safaricom.co.ke", "sandbox"),
        ("https://SANDBOX.safaricom.co.ke/", "sandbox"),
        ("http://127.0.0.1:8080", "simulator"),
        ("http://localhost:8080", "simulator"),
        ("http://[::1]:8080", "simulator"),
    ],
)
def test_the_host_of_the_base_url_decides_the_environment(
    environ: Callable[..., Environ], base_url: str, environment: str
) -> None:
    profile = load_profile(environ(MPESA_BASE_URL=base_url))
    assert (profile.environment, profile.sources["environment"]) == (environment, "MPESA_BASE_URL")
    assert profile.shortcode == "174379"
    assert not profile.embedded


def test_the_production_host_is_production_and_needs_a_shortcode(environ: Callable[..., Environ]) -> None:
    production = {"MPESA_BASE_URL": "https://api.safaricom.co.ke"}
    assert "shortcode is missing" in refused(environ(**production)).message
    profile = load_profile(environ(**production, MPESA_SHORTCODE="247247"))
    assert (profile.environment, profile.shortcode) == ("production", "247247")


def test_another_host_needs_the_environment_said(environ: Callable[..., Environ]) -> None:
    elsewhere = {"MPESA_BASE_URL": "https://daraja.example.co.ke"}
    assert refused(environ(**elsewhere)).code == "environment-missing"
    assert load_profile(environ(**elsewhere, MPESA_ENVIRONMENT="sandbox")).environment == "sandbox"


@pytest.mark.parametrize("environment", ["sandbox", "simulator"])
def test_real_money_never_runs_under_another_name(environ: Callable[..., Environ], environment: str) -> None:
    error = refused(environ(MPESA_BASE_URL="https://api.safaricom.co.ke", MPESA_ENVIRONMENT=environment))
    assert "production" in error.message
    text = f'[profile.shop]\nenvironment = "{environment}"\nbase_url = "https://api.safaricom.co.ke"\n'
    assert "production" in refused(environ(text)).message


def test_the_sandbox_never_runs_as_production(environ: Callable[..., Environ]) -> None:
    variables = {"MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247"}
    assert "sandbox" in refused(environ(**variables, MPESA_BASE_URL="https://sandbox.safaricom.co.ke")).message


def test_a_base_url_of_the_environment_moves_a_files_profile_to_that_environment(
    environ: Callable[..., Environ], home: Path
) -> None:
    text = '[profile.shop]\nenvironment = "production"\nshortcode = "247247"\n'
    profile = load_profile(environ(text, MPESA_BASE_URL="http://127.0.0.1:9100"))
    assert profile.environment == "simulator"
    assert profile.ledger == home / "data" / "shop-simulator.db", "and never into the real ledger"


def test_production_is_never_a_default(environ: Callable[..., Environ]) -> None:
    assert refused(environ('[profile.shop]\nshortcode = "247247"\n')).code == "environment-missing"


def test_the_simulator_by_name_takes_no_address_that_leaves_this_machine(environ: Callable[..., Environ]) -> None:
    real = {"MPESA_BASE_URL": "https://api.safaricom.co.ke", "MPESA_ENVIRONMENT": "production"}
    profile = load_profile(environ(**real, APP_URL="https://real.example"), profile_flag="simulator")
    assert (profile.environment, profile.embedded) == ("simulator", True)
    assert profile.callback_base_url == EMBEDDED_CALLBACK_BASE
    served = load_profile(environ(MPESA_BASE_URL="http://127.0.0.1:9100"), profile_flag="simulator")
    assert (served.environment, served.embedded) == ("simulator", False)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('kind = "till"', "number is missing"),
        ('till = "5012345"', "kind is paybill"),
        ('account_reference = "HouseholdPlanet"', "account_reference_max = 15"),
        ("[profile.shop.limits]\namount_min = 10\namount_max = 5", "amount_min is above"),
    ],
)
def test_values_that_do_not_go_together_are_refused(environ: Callable[..., Environ], lines: str, says: str) -> None:
    error = refused(environ(ONE + lines + "\n"))
    assert says in error.message + error.hint


def test_production_callbacks_are_https_without_exception(environ: Callable[..., Environ]) -> None:
    production = {"MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247"}
    assert "https" in refused(environ(**production, APP_URL="http://127.0.0.1:8000")).message
    sandbox = load_profile(environ(MPESA_ENVIRONMENT="sandbox", APP_URL="http://127.0.0.1:8000"))
    assert sandbox.callback_base_url == "http://127.0.0.1:8000"


def test_a_till_is_paid_at_its_own_number(environ: Callable[..., Environ]) -> None:
    profile = load_profile(environ(ONE + 'kind = "till"\nshortcode = "600100"\ntill = "5012345"\n'))
    assert (profile.shortcode, profile.party_b) == ("600100", "5012345")


def test_completion_knows_every_name(environ: Callable[..., Environ]) -> None:
    assert profile_names(environ()) == ["simulator"]
    assert profile_names(environ(MPESA_SHORTCODE="600100")) == ["env", "simulator"]
    assert profile_names(environ(TWO)) == ["shop", "till-ngong", "simulator"]
