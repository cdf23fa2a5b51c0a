"""The stores that the other profiles of the configuration file are of, for a head office's file of them all."""

from collections.abc import Mapping

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.rules.values.store_name import store_key
from mpesa_cli.settings.choice import Choice
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.sources import load_config, resolve_choice


def stores_beside(environ: Mapping[str, str], config_flag: str | None, own: Profile) -> dict[str, str]:
    """Name of a store → profile, of the other profiles of the same environment.

    A profile that is not whole counts by what its table says: its rows are not nobody's. Raises SettingsError where
    another till has the same store: nothing would tell whose a row is.
    """
    config = load_config(environ, config_flag)
    found: dict[str, str] = {}
    if config is None:
        return found
    own_key = store_key(own.store_name or "")
    # A variable would give every profile the one name.
    without = {name: value for name, value in environ.items() if name != "MPESA_STORE_NAME"}
    for name, table in config.profiles.items():
        store = table.get("store_name")
        if name == own.name or not isinstance(store, str) or not store.strip():
            continue
        profile, _ = resolve_choice(Choice(name, config.source(name), "file"), config, without)
        if profile is not None and profile.environment != own.environment:
            continue
        if own_key and store_key(store) == own_key:
            if profile is None or (profile.shortcode, profile.till) != (own.shortcode, own.till):
                raise SettingsError(
                    f"Profiles {own.name} and {name} have the same store_name, {own.store_name!r}, and are not the "
                    "same till.",
                    hint="Nothing was read: nothing tells whose a row would be. Correct one of the two, then:  "
                    "mpesa config check",
                    code="store-name-twice",
                )
            continue
        found[store] = name
    return found
