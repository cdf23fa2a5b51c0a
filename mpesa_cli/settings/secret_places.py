"""The store that holds each secret: a small file beside the configuration, with names in it and no values.

It spares every command that has no secret in the keyring the 60 ms of asking one, and
lets the keyring's entries follow a MPESA_HOME that is moved.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from zlib import crc32

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings.private_files import locked, write_private

Store = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True)
class Places:
    """The file's content: the keyring's service name, and for each profile the store of each secret."""

    keyring_service: str
    stores: Mapping[str, Mapping[str, Store]]

    def of(self, profile: str, name: str) -> Store | None:
        """The store that this secret was put in, or None."""
        return self.stores.get(profile, {}).get(name)


def read_places(config_dir: Path, *, own_home: bool) -> Places:
    """Read the file; without one nothing is stored. Raises SettingsError where it is another kind of file.

    ``own_home`` says that MPESA_HOME is set: its secrets get a keyring service of their own, so that a
    trial folder never overwrites the shop's.
    """
    from mpesa_cli.floor.machine import commands

    path = _path(config_dir)
    service = "mpesa-cli" + (f"@{crc32(str(config_dir).encode()):08x}" if own_home else "")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        stores = {
            str(profile): {name: store for name, store in names.items() if store in {"keyring", "file"}}
            for profile, names in document["profiles"].items()
        }
        return Places(str(document["keyring_service"]), stores)
    except FileNotFoundError:
        return Places(service, {})
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise SettingsError(
            f"{path}, which says where secrets are stored, can't be read.",
            hint=f"Move it away and store them again:  {commands.move(path, f'{path}.old')}; "
            "mpesa secrets set consumer-key",
            code="secret-places-unreadable",
        ) from None


def record_place(config_dir: Path, profile: str, name: str, store: Store | None, *, own_home: bool) -> None:
    """Note that ``store`` now holds the secret; None that no store does."""
    with locked(config_dir):
        places = read_places(config_dir, own_home=own_home)
        stores = {known: dict(names) for known, names in places.stores.items()}
        names = stores.setdefault(profile, {})
        if store is None:
            names.pop(name, None)
        else:
            names[name] = store
        document = {
            "keyring_service": places.keyring_service,
            "profiles": {known: names for known, names in stores.items() if names},
        }
        write_private(_path(config_dir), json.dumps(document, indent=2) + "\n")


def secret_file(config_dir: Path, profile: str, name: str) -> Path:
    """The file in which ``--store file`` keeps a secret: one of 0600 each, in folders of 0700."""
    return config_dir / "secrets" / profile / name


def _path(config_dir: Path) -> Path:
    return config_dir / "secret-stores.json"
