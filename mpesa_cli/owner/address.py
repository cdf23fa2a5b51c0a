"""The note of where the owner's page is served, beside the ledger: `mpesa owner pair` runs in another process."""

import contextlib
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

from mpesa_cli.floor.files.whole_file import read_small, write_whole

_MOST_BYTES = 1_000
_PATIENCE_S = 1.0


def note_address(ledger: Path, url: str) -> None:
    """Note where the page is served. A note that can't be written stops nothing: then no browser can be paired."""
    with contextlib.suppress(OSError):
        write_whole(_note(ledger), json.dumps({"url": url}).encode(), on_disk="no")


def forget_address(ledger: Path, url: str) -> None:
    """Take the note away, unless another page has been served since."""
    if noted_address(ledger) == url:
        with contextlib.suppress(OSError):
            _note(ledger).unlink()


def noted_address(ledger: Path) -> str | None:
    """The address that was noted last; None where there is none."""
    try:
        found = json.loads(read_small(_note(ledger), _MOST_BYTES)[0])["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and found.startswith(("http://", "https://")) else None


def page_answers(url: str) -> bool:
    """Whether anything listens at the address now."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), timeout=_PATIENCE_S):
            return True
    except OSError:
        return False


def shown_host(host: str) -> str:
    """The address at which others reach this machine, where ``host`` means all of them; else ``host`` itself."""
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return host
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect(("10.255.255.255", 9))  # sends nothing: it only chooses the way out, and so the address
        return str(way.getsockname()[0])
    return "127.0.0.1"


def _note(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.owner")
