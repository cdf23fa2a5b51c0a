"""Connections to whichever server takes writes now: none to an old primary, none that waits for ever."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import psycopg

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.ledger.engine.postgres.attentive import Attentive
from mpesa_cli.ledger.engine.postgres.connection import adapt
from mpesa_cli.ledger.engine.postgres.failures import in_words, is_lost

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.floor.world import SharedClock
    from mpesa_cli.ledger.engine.postgres.timeline import Timeline
    from mpesa_cli.rules.values.database import Database

BACK_WITHIN_S = 30.0
"""The time that another server has to take the place of one that went away."""
CONNECT_S = 3
LOOK_AGAIN_S = 0.25
UNSAID_S = 1.0  # a wait that is over sooner needs no words
TIMELINE = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_SETTINGS = (
    "set_config('search_path', '\"{schema}\"', {locally}), set_config('lock_timeout', '10s', {locally}), "
    "set_config('idle_in_transaction_session_timeout', '15s', {locally})"
)


class Connecting:
    """The way to the servers of one ledger."""

    def __init__(
        self, database: Database, password: Secret | None, timeline: Timeline, clock: SharedClock | None,
        back_within_s: float,
    ) -> None:
        """Nothing is reached yet. ``clock`` is set right by the server's, where one is given."""
        self.database = database
        self.timeline = timeline
        self.clock = clock
        self.back_within_s = back_within_s
        self._password = password
        self.tell: Callable[[str], object] = lambda _: None  # hears of long waits
        self._tells_timeline = True  # not every service does

    def connect_again(self) -> Attentive:
        """A connection, as soon as there is a server that takes writes. Raises LedgerBusy or LedgerUnusable."""
        began = time.monotonic()
        until, is_told = began + self.back_within_s, False
        while True:
            try:
                return self.connect()
            except psycopg.Error as error:
                if not is_lost(error) or time.monotonic() >= until:
                    raise in_words(error, self.database) from error
            except LedgerBusy:  # an old server, on its way out
                if time.monotonic() >= until:
                    raise
            if not is_told and time.monotonic() >= began + UNSAID_S:
                is_told = True
                self.tell(f"The ledger's database is away. Waiting for it, {self.back_within_s:.0f} s at most.")
            time.sleep(LOOK_AGAIN_S)

    def connect(self) -> Attentive:
        """A connection to the server that takes writes. Raises psycopg.Error, LedgerBusy where it is an old one."""
        raw = self._reached()
        try:
            adapt(raw)
            self._learn(raw)
            settings = _SETTINGS.format(schema=self.database.schema, locally="true" if raw.is_pooled else "false")
            raw.prepare_threshold = None  # psycopg ends all that are prepared with its own, at each ROLLBACK: ours too
            if raw.is_pooled:  # what one transaction leaves in a session, another one's finds
                raw.settings = settings
            else:
                raw.execute(f"SELECT {settings}")
            self.timeline.check(raw.timeline, self.database)
        except BaseException:
            raw.close()
            raise
        raw.answer_s, raw.is_at_work = Attentive.answer_s, self._is_at_work
        return raw

    def told(self, asked_us: int, server_us: int) -> None:
        """Set the clock right by the server's, which was read since ``asked_us`` of our own."""
        if self.clock is not None:
            self.clock.told(asked_us, server_us, self.clock.own_us())

    def asked_us(self) -> int:
        """The moment, by our own clock; 0 where none is set right."""
        return 0 if self.clock is None else self.clock.own_us()

    def _reached(self) -> Attentive:
        to = self.database
        raw = Attentive.connect(
            host=",".join(host for host, _ in to.hosts), port=",".join(str(port) for _, port in to.hosts),
            dbname=to.name, user=to.user or None, password=self._password.reveal() if self._password else None,
            sslmode="prefer" if to.is_here else "verify-full", sslrootcert=to.root_certificate or None,
            target_session_attrs="read-write", connect_timeout=CONNECT_S, keepalives=1, keepalives_idle=5,
            keepalives_interval=2, keepalives_count=3, tcp_user_timeout=10_000, application_name="mpesa",
            client_encoding="utf8", autocommit=True,
        )
        raw.answer_s = CONNECT_S  # until it is known to be the one, and how to ask about it
        return raw

    def _learn(self, raw: Attentive) -> None:
        """What server it is, and which time it has."""
        asked_us = self.asked_us()
        row = self._told_by(raw)
        self.told(asked_us, row[0])
        raw.is_pooled = row[1] != raw.pgconn.backend_pid  # a pooler gives its clients numbers of its own
        raw.started, raw.timeline = row[2], row[3]

    def _told_by(self, raw: Attentive) -> Any:
        asked = f"SELECT {CLOCK}, pg_backend_pid(), pg_postmaster_start_time()::text, "
        if self._tells_timeline:
            try:
                return raw.execute(asked + TIMELINE).fetchone()
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction):
                self._tells_timeline = False  # a service that stands for its own failover and shows none
        return raw.execute(asked + "0").fetchone()

    def _is_at_work(self, silent: Attentive) -> bool:
        """Whether the server of a connection that is silent says, by another one, that it is busy with it."""
        with contextlib.suppress(psycopg.OperationalError), contextlib.closing(self._reached()) as raw:
            row = raw.execute(silent.at_work(), (silent.started,)).fetchone()
            return bool(row and row[0])
        return False
