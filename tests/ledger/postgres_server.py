"""A PostgreSQL server of a test's own: made in a folder, killed as a machine that loses power is."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

SETTINGS = {
    "listen_addresses": "127.0.0.1", "max_connections": "60", "shared_buffers": "16MB", "wal_level": "replica",
    "max_wal_senders": "4", "hot_standby": "on", "log_min_messages": "warning", "wal_sender_timeout": "5s",
    "full_page_writes": "off", "autovacuum": "off",
}


def programs() -> Path | None:
    """The folder of the newest server that is installed; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if found:
        return found[-1]
    beside = shutil.which("postgres")
    return Path(beside).parent if beside else None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for servers. Not one of pytest's: those are for their owner alone, and each run sees to it."""
    made = Path(tempfile.mkdtemp(prefix="mpesa-postgres-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Cluster:
    """One server. PostgreSQL does not run as root: then everything is done as the user postgres."""

    def __init__(self, folder: Path, port: int | None = None, **settings: str) -> None:
        """Nothing is made yet. ``settings`` go over SETTINGS."""
        self.folder, self.port = folder, port or free_port()
        self.settings = {**SETTINGS, **settings}
        self._bin = programs()
        self._user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> "Cluster":
        """A new, empty server."""
        self._own(self.folder.parent)
        self._run("initdb", "-D", str(self.folder), "-U", "mpesa", "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8",
                  "--no-sync", "--no-instructions")
        return self.start()

    def make_standby(self, primary: "Cluster", name: str) -> "Cluster":
        """A copy of a running server that follows it."""
        self._own(self.folder.parent)
        followed = f"host=127.0.0.1 port={primary.port} user=mpesa application_name={name}"
        self._run("pg_basebackup", "-D", str(self.folder), "-d", followed, "-R", "-X", "stream", "-c", "fast",
                  "--no-sync")
        return self.start()

    def start(self) -> "Cluster":
        """Run it, and wait until it answers."""
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._server = subprocess.Popen(
                [*self._as(), str(self._bin / "postgres"), "-D", str(self.folder), "-p", str(self.port),
                 "-k", str(self.folder.parent), *options],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        for _ in range(400):
            with contextlib.suppress(psycopg.Error), self.connect():
                return self
            time.sleep(0.05)
        raise AssertionError((self.folder.parent / f"{self.folder.name}.log").read_text()[-2_000:])

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection for whoever looks from outside."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="mpesa", dbname=database, autocommit=True, connect_timeout=2
        )

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows of one statement; none where it gives none."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def set(self, settings: Mapping[str, str]) -> None:
        """Change settings of the running server."""
        for name, value in settings.items():
            self.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql("SELECT pg_reload_conf()")

    def have_commits_wait(self) -> None:
        """Have every COMMIT wait for a standby that does not come. A server is slow to take it up: so it is tried."""
        self.set({"synchronous_standby_names": "nobody"})
        while True:
            trying = threading.Thread(target=self.sql, args=("SELECT pg_logical_emit_message(true, 'tried', '')",))
            trying.start()
            while trying.is_alive():
                if self.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
                    trying.join()
                    return
                time.sleep(0.02)

    def url(self, *others: "Cluster", database: str = "shop") -> str:
        """The address of a ledger here; on whichever of these servers takes writes."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in (self, *others))
        return f"postgresql://mpesa@{hosts}/{database}"

    def pause(self, *, again: bool = False) -> None:
        """Freeze every process of it, or let them go on."""
        for process in self._processes():
            os.kill(process, signal.SIGCONT if again else signal.SIGSTOP)

    def kill(self) -> None:
        """End it at once with everything under it, as a power cut does."""
        if self._server is not None:
            for process in self._processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self._server.wait()
            self._server = None
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in good order, and those that are connected with it."""
        self._run("pg_ctl", "stop", "-D", str(self.folder), "-m", "fast", "-w")
        assert self._server is not None
        self._server.wait()
        self._server = None

    def promote(self) -> None:
        """Make a standby the one that takes writes."""
        self._run("pg_ctl", "promote", "-D", str(self.folder), "-w")

    def _processes(self) -> list[int]:
        """The server first, then what it started: each of these is in a session of its own."""
        assert self._server is not None
        below = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        return [self._server.pid, *map(int, below)]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as(), str(self._bin / program), *arguments], capture_output=True, text=True, check=False,
            timeout=60, cwd="/",
        )
        assert done.returncode == 0, done.stderr

    def _as(self) -> list[str]:
        if self._user is None:
            return []
        return ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]

    def _own(self, folder: Path) -> None:
        if self._user is None:
            return
        shutil.chown(folder, self._user)
