"""The age of an initiator's password, which M-PESA lets expire after 90 days: a date per profile, and no secret.

Nobody could try when exactly it expires (docs/reference/assumptions.md A130).
"""

import json
from datetime import date
from pathlib import Path

from mpesa_cli.settings.private_files import locked, write_private

NAME = "initiator-password"
EXPIRES_DAYS, WARN_DAYS = 90, 76


def note_password_set(config_dir: Path, profile: str, day: date) -> None:
    """Note that this profile's initiator password was stored on this day."""
    with locked(config_dir):
        dates = _read(config_dir) | {profile: day.isoformat()}
        write_private(_path(config_dir), json.dumps(dates, indent=2) + "\n")


def password_warning(config_dir: Path, profile: str, today: date) -> str:
    """The warning that it expires soon, or has; empty where it does not, or nobody knows when it was stored."""
    try:
        stored = date.fromisoformat(_read(config_dir).get(profile, ""))
    except ValueError:
        return ""
    age = (today - stored).days
    if age < WARN_DAYS:
        return ""
    left = EXPIRES_DAYS - age
    when = f"expires in {left} days" if left > 1 else "expires tomorrow" if left == 1 else "has expired"
    return (
        f"The initiator's password was stored {age} days ago; M-PESA lets it expire after {EXPIRES_DAYS}: it {when}. "
        "Change it in the M-PESA portal, then:  mpesa secrets set initiator-password"
    )


def _read(config_dir: Path) -> dict[str, str]:
    try:
        found = json.loads(_path(config_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(day) for name, day in found.items()} if isinstance(found, dict) else {}


def _path(config_dir: Path) -> Path:
    return config_dir / "initiator-password-dates.json"
