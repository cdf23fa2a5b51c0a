"""What a Tab offers: profile names, and the newest orders. Quick and silent: whatever is wrong, nothing is offered."""

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


def _newest_orders() -> Iterator[str]:
    # Read-only and without the ledger room: a Tab must not create, migrate or lock anything.
    import sqlite3

    from mpesa_cli.settings.sources import load_profile

    path = load_profile(os.environ).ledger
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2)) as connection:
        rows = connection.execute("SELECT order_id FROM payments ORDER BY created_us DESC LIMIT ?", (ORDERS_OFFERED,))
        yield from [str(row[0]) for row in rows]
