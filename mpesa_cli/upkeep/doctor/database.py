"""The check of a ledger's database: a version that is known, a standby that has every payment, a clock like ours."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from mpesa_cli.floor.machine import commands
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.engine.postgres.health import health
from mpesa_cli.terminal.amount_words import counted
from mpesa_cli.upkeep.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
    from mpesa_cli.ledger.engine.postgres.health import Health
    from mpesa_cli.settings.profile import Profile

NEEDED = 150_000
APART_MAX_US = 2 * SECOND_US


def database(profile: Profile, engine: PostgresEngine, now_us: Callable[[], int]) -> Iterator[Finding]:
    """Every check of the database, in the order in which they are shown. Raises LedgerBusy or LedgerUnusable."""
    found = health(engine.connection(), now_us)
    name = f"PostgreSQL {found.version // 10_000}"
    if found.version < NEEDED:
        yield Finding("database", "fail", f"{name} is too old: the ledger needs 15.", "psql -c 'SHOW server_version'")
    else:
        yield Finding("database", "ok", f"{name}, {engine.place}.")
    for setting in found.loses_at_power_cut:
        words = f"{setting} is off: a power cut can lose or damage payments that were told as kept."
        yield Finding("database", "fail", words, f"psql -c 'ALTER SYSTEM SET {setting} = on'")
    yield _standby(profile, found)
    yield from _spool(profile)
    apart_s = abs(found.ahead_us) / SECOND_US
    if abs(found.ahead_us) > APART_MAX_US:
        words = f"The clocks of this machine and of the database are {apart_s:.0f} s apart: machines would disagree on "
        yield Finding("database-clock", "fail", f"{words}which prompt is old.", commands.CLOCK)
    else:
        yield Finding("database-clock", "ok", f"The database's clock is within {APART_MAX_US // SECOND_US} s of ours.")


def _spool(profile: Profile) -> Iterator[Finding]:
    """The finding about callbacks that came while the database was away, and that no listener has handed in since."""
    file = profile.ledger.with_name(f"{profile.ledger.name}.spool")
    if not file.exists():
        return
    address = f"{file.as_uri()}?mode=ro"
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(address, uri=True)) as kept:
        (count,) = kept.execute("SELECT count(*) FROM kept").fetchone()
        if count:
            words = f"{counted(count, 'message')} of M-PESA's, from while the database was away, {_waits(count)} here. "
            yield Finding("spool", "fail", f"{words}A listener hands them in.", "mpesa listen")


def _waits(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _standby(profile: Profile, found: Health) -> Finding:
    if profile.durability == "provider":
        return Finding("database-standby", "ok", "The provider of the database stands for what is lost with a server.")
    if not found.waits_for_standby:
        return Finding(
            "database-standby", "warn", "No standby has a payment before it counts: if the database's server is lost, "
            "so is what came in since its last backup.", "psql -c 'SHOW synchronous_standby_names'",
        )
    if found.standbys == 0:
        return Finding(
            "database-standby", "fail", "The database waits for a standby, and none follows it: nothing can be stored.",
            "psql -c 'SELECT * FROM pg_stat_replication'",
        )
    return Finding("database-standby", "ok", "A standby has every payment before it counts.")
