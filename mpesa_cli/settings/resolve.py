"""A whole profile from the values that sources gave: derived values, and contradictions.

Pure: no files, no environment. Every problem is collected, so that ``config check`` can show all of them.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mpesa_cli.rules.values.amount import Limits
from mpesa_cli.rules.values.database import database, held_by, is_database, schema_name
from mpesa_cli.settings import profile as p
from mpesa_cli.settings import rules
from mpesa_cli.settings.keys import KEYS
from mpesa_cli.settings.values import Problem, Setting

_BASE_URLS = {
    "simulator": p.EMBEDDED_BASE_URL,
    "sandbox": rules.SANDBOX_BASE_URL,
    "production": rules.PRODUCTION_BASE_URL,
}
_DEFAULT = "default"
_SHOP_NAMES = {"simulator": "Demo Shop", "env": "Shop"}  # profiles not named after a shop


def resolve(
    name: str,
    name_source: str,
    given: Mapping[str, Setting],
    *,
    data_dir: Path,
    environment_default: str | None,
) -> tuple[p.Profile | None, list[Problem]]:
    """The profile and no problems, or None and the problems.

    ``given`` has checked values by key name. ``environment_default`` is the environment where neither
    a value nor a host tells; None means that it must be given.
    """
    values = _with_defaults(name, given)
    problems = _decide_environment(name, values, environment_default)
    if problems:
        return None, problems
    _follow_environment(name, values, data_dir)
    problems = _contradictions(name, values)
    return (None, problems) if problems else (_profile(name, name_source, values, data_dir), [])


def _with_defaults(name: str, given: Mapping[str, Setting]) -> dict[str, Setting]:
    values = {key.name: given.get(key.name, Setting(key.default, _DEFAULT)) for key in KEYS}
    if values["shop_name"].value is None:
        words = name.replace("-", " ").replace("_", " ").title()
        values["shop_name"] = Setting(_SHOP_NAMES.get(name, words), _DEFAULT)
    return values


def _decide_environment(name: str, values: dict[str, Setting], fallback: str | None) -> list[Problem]:
    """Fill in the environment. A base URL set nearer than the environment decides it, by its host."""
    from mpesa_cli.floor.machine import commands

    said, base_url = values["environment"], values["base_url"]
    by_host = rules.environment_of(base_url.value) if isinstance(base_url.value, str) else None
    nearer = said.value is None or (_is_variable(base_url) and not _is_variable(said))
    if by_host is not None and nearer:
        values["environment"] = Setting(by_host, base_url.source)
    elif said.value is None and (base_url.value is not None or fallback is None):
        return [Problem(
            f"The profile {name!r} does not say its environment.",
            'Say where it goes:  environment = "sandbox"  (or simulator, production) in the profile, '
            f"or  {commands.set_variable('MPESA_ENVIRONMENT', 'sandbox')}",
            code="environment-missing",
        )]
    elif said.value is None:
        values["environment"] = Setting(fallback, _DEFAULT)
    return []


def _is_variable(setting: Setting) -> bool:
    return setting.source.startswith(("MPESA_", "APP_"))


def _follow_environment(name: str, values: dict[str, Setting], data_dir: Path) -> None:
    environment = str(values["environment"].value)
    if values["base_url"].value is None:
        values["base_url"] = Setting(_BASE_URLS[environment], _DEFAULT)
    if values["shortcode"].value is None and environment != "production":
        values["shortcode"] = Setting(p.SANDBOX_SHORTCODE, _DEFAULT)
    if environment == "simulator" and values["base_url"].value == p.EMBEDDED_BASE_URL:
        # Its callbacks stay in the process, whatever public address the shop has.
        values["callback_base_url"] = Setting(p.EMBEDDED_CALLBACK_BASE, "the embedded simulator")
    elif environment == "simulator" and values["callback_base_url"].value is None:
        values["callback_base_url"] = Setting(p.LISTENER_BASE, "where mpesa listen is by default")
    if environment != "production" and values["callback_ips"].source == _DEFAULT:
        # Safaricom's list is of its production addresses; the sandbox was reported calling from others.
        values["callback_ips"] = Setting("off", _DEFAULT)
    if environment == "simulator" and values["initiator.name"].value is None:
        values["initiator.name"] = Setting(p.SIMULATOR_INITIATOR, _DEFAULT)
    if values["refunds.enabled"].value is None:
        values["refunds.enabled"] = Setting(environment != "production", _DEFAULT)
    if values["api.issuer"].value is None:
        values["api.issuer"] = Setting(f"mpesa-cli/{name}", _DEFAULT)
    for key, ending in (("ledger", ".db"), ("sms.file", "-sms.txt")):
        if values[key].value is None:
            values[key] = Setting(str(data_dir / f"{name}-{environment}{ending}"), _DEFAULT)


def _contradictions(name: str, values: Mapping[str, Setting]) -> list[Problem]:
    of: dict[str, Any] = {key: setting.value for key, setting in values.items()}
    found: list[tuple[str, str]] = []
    host_environment = rules.environment_of(of["base_url"])
    if host_environment not in {None, "simulator", of["environment"]}:
        said = f"environment is {of['environment']!r} ({values['environment'].source})"
        address = f"base_url is {host_environment}'s ({values['base_url'].source})"
        found.append((f"{said}, but {address}", "Take one of the two out"))
    if of["shortcode"] is None:
        found.append(("shortcode is missing", 'Add the paybill or store number:  shortcode = "247247"'))
    if of["kind"] == "till" and of["till"] is None:
        found.append(("kind is till, but its number is missing", 'Add it:  till = "5012345"'))
    if of["kind"] == "paybill" and of["till"] is not None:
        found.append(("till is set, but kind is paybill", 'Write  kind = "till"  or take till out'))
    callback = of["callback_base_url"]
    if of["environment"] == "production" and callback and not callback.startswith("https://"):
        found.append(("callback_base_url must be https in production", "Safaricom calls no other"))
    reference = of["account_reference"].replace("{order}", "1")
    if len(reference) > of["account_reference_max"]:
        limit = of["account_reference_max"]
        what = f"account_reference has {len(reference)} characters, but account_reference_max is {limit}"
        found.append((what, f"Shorten it, or allow it:  account_reference_max = {len(reference)}"))
    if of["api.public_key"] and of["api.jwks"]:
        found.append(("api.public_key and api.jwks are both set", "Take one of the two out"))
    if of["environment"] == "production":
        found += [
            (f"{section} are enabled, but {section}.{key} is missing", "Say how many shillings: the shop's choice")
            for section in ("refunds", "payouts") if of[f"{section}.enabled"]
            for key in ("max", "daily_max") if of[f"{section}.{key}"] is None
        ]
    if of["limits.amount_min"] > of["limits.amount_max"]:
        found.append(("limits.amount_min is above limits.amount_max", "Correct one of the two"))
    return [
        Problem(f"Profile {name!r}: {what}.", f"{remedy}. Then:  mpesa config check", "profile-incomplete")
        for what, remedy in found
    ]


def _profile(name: str, name_source: str, values: Mapping[str, Setting], data_dir: Path) -> p.Profile:
    flat: dict[str, Any] = {key: setting.value for key, setting in values.items() if "." not in key}
    sms = _section("sms", values)
    sms["file"] = Path(sms["file"])
    initiator = _section("initiator", values)
    initiator["certificate"] = Path(initiator["certificate"]) if initiator["certificate"] else None
    api = _section("api", values)
    api |= {key: Path(api[key]) if api[key] else None for key in ("public_key", "jwks")}
    api["origins"] = tuple((api["origins"] or "").split())
    flat |= _ledger(flat, data_dir)
    sources = {"name": name_source} | {key: setting.source for key, setting in values.items()}
    return p.Profile(
        **flat, name=name, limits=Limits(**_section("limits", values)), sms=p.SmsSettings(**sms),
        initiator=p.InitiatorSettings(**initiator), refunds=p.RefundSettings(**_section("refunds", values)),
        payouts=p.PayoutSettings(**_section("payouts", values)),
        api=p.ApiSettings(**api), sources=MappingProxyType(sources),
    )


def _ledger(flat: Mapping[str, Any], data_dir: Path) -> dict[str, Any]:
    """The ledger's file; or its database, with the name of what this machine keeps beside it."""
    if not is_database(flat["ledger"]):
        return {"ledger": Path(flat["ledger"])}
    whose = (flat["environment"], flat["shortcode"], flat["till"] if flat["kind"] == "till" else None)
    place = database(flat["ledger"], flat["ledger_schema"] or schema_name(*whose), held_by(*whose))
    # The same for every profile of this till: what is kept beside a ledger are locks.
    return {"ledger": data_dir / f"{place.schema}.postgresql", "database": place}


def _section(section: str, values: Mapping[str, Setting]) -> dict[str, Any]:
    return {key.partition(".")[2]: s.value for key, s in values.items() if key.startswith(section + ".")}
