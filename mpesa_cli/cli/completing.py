"""The words that a Tab offers: profile names, the newest orders, names of secrets, and codes.

Quick and silent: whatever is wrong, nothing is offered.
"""

import contextlib
import os
from collections.abc import Iterator

ORDERS_OFFERED = 20


def profiles(incomplete: str) -> list[str]:
    """The profiles that ``--profile`` takes."""
    with contextlib.suppress(Exception):
        from mpesa_cli.settings.sources import profile_names

        return [name for name in profile_names(os.environ) if name.startswith(incomplete)]
    return []


def orders(incomplete: str) -> list[str]:
    """The newest order ids of the profile that a command without ``--profile`` would use."""
    with contextlib.suppress(Exception):
        return [order for order in _newest_orders() if order.startswith(incomplete)]
    return []


def secret_names(incomplete: str) -> list[str]:
    """The names that ``secrets set`` and ``secrets delete`` take."""
    from mpesa_cli.settings.secret_names import SECRET_NAMES

    return [name for name in SECRET_NAMES if name.startswith(incomplete)]


def codes(incomplete: str) -> list[str]:
    """The codes that ``explain`` knows, whatever their case."""
    from mpesa_cli.rules.codes.lookup import ALL_CODES

    wanted = incomplete.casefold()
    found = {row.code for row in ALL_CODES if row.code.casefold().startswith(wanted)}
    return sorted(incomplete + code[len(incomplete) :] for code in found)  # a shell offers only what goes on as typed


def _newest_orders() -> Iterator[str]:
    # Read-only and without the ledger room: a Tab must not create, migrate or lock anything.
    import sqlite3

    from mpesa_cli.settings.sources import load_profile

    path = load_profile(os.environ).ledger
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2)) as connection:
        rows = connection.execute("SELECT order_id FROM payments ORDER BY created_us DESC LIMIT ?", (ORDERS_OFFERED,))
        yield from [str(row[0]) for row in rows]
