"""The server of a ledger, as far as it decides what outlives it: version, settings, standby, clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.ledger.engine.postgres.connection import PostgresConnection


class Health(NamedTuple):
    """The server as it describes itself.

    ``standbys`` counts those that have a payment before it counts; None where we may not see them. ``ahead_us`` is how
    far its clock is ahead of ours.
    """

    version: int
    loses_at_power_cut: tuple[str, ...]
    waits_for_standby: bool
    standbys: int | None
    ahead_us: int


def health(connection: PostgresConnection, now_us: Callable[[], int]) -> Health:
    """Ask the server. Raises LedgerBusy or LedgerUnusable."""
    asked_us = now_us()
    row = connection.execute_once(
        "SELECT current_setting('server_version_num')::int, current_setting('fsync'), "
        "current_setting('full_page_writes'), current_setting('synchronous_standby_names') <> '', "
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    ).fetchone()
    answered_us = now_us()
    seen = connection.execute_once(
        "SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), count(*), count(sync_state) "
        "FROM pg_stat_replication"
    ).fetchone()
    hidden = seen[1] > 0 and seen[2] == 0  # without the role pg_monitor the columns are empty
    off = tuple(name for name, value in zip(("fsync", "full_page_writes"), row[1:3], strict=True) if value == "off")
    return Health(row[0], off, bool(row[3]), None if hidden else seen[0], row[4] - (asked_us + answered_us) // 2)
