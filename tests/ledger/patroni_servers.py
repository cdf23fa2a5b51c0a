"""Three servers under Patroni, with the file that the documentation shows, and an etcd that says who is the primary."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from postgres_server import a_folder, free_port, programs

SHOWN = Path(__file__).parents[2] / "docs/operate/several-machines/patroni.yml"
_FOLLOW = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
NEEDED = ("patroni", "etcd")


def missing() -> list[str]:
    """The programs that are not installed here."""
    return [each for each in NEEDED if shutil.which(each) is None] + ([] if programs() else ["postgres"])


class Member:
    """One machine: Patroni, and the server that it runs."""

    def __init__(self, folder: Path, name: str, etcd: int) -> None:
        self.name, self.folder = name, folder / name
        self.port, self.rest = free_port(), free_port()
        self._file = folder / f"{name}.yml"
        text = SHOWN.read_text()
        for was, now in {
            "name: db1": f"name: {name}",
            "0.0.0.0:8008": f"127.0.0.1:{self.rest}", "db1.example.co.ke:8008": f"127.0.0.1:{self.rest}",
            "etcd1.example.co.ke:2379,etcd2.example.co.ke:2379,etcd3.example.co.ke:2379": f"127.0.0.1:{etcd}",
            "0.0.0.0:5432": f"127.0.0.1:{self.port}", "db1.example.co.ke:5432": f"127.0.0.1:{self.port}",
            "/var/lib/postgresql/shop": str(self.folder), "/usr/lib/postgresql/15/bin": str(programs()),
            "username: postgres": "username: mpesa", "/var/run/postgresql": str(folder),
            "local all all peer": "local all all trust",
            "hostssl replication follower 0.0.0.0/0 scram-sha-256": "host replication follower 127.0.0.1/32 trust",
            "hostssl all all 0.0.0.0/0 scram-sha-256": "host all all 127.0.0.1/32 trust",
            "    ssl: 'on'\n": "", "    ssl_cert_file: /etc/postgresql/server.crt\n": "",
            "    ssl_key_file: /etc/postgresql/server.key\n": "",
            "mode: required": "mode: 'off'",  # there is no watchdog to a machine that is a folder
        }.items():
            assert was in text, was
            text = text.replace(was, now)
        self._file.write_text(text)
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Switch the machine on."""
        with (self.folder.parent / f"{self.name}.log").open("ab") as log:
            self._running = subprocess.Popen(
                [*as_postgres(), shutil.which("patroni") or "patroni", str(self._file)], stdout=log, stderr=log,
                cwd="/", start_new_session=True, env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            )  # fmt: skip

    def cut_power(self) -> None:
        """End everything that runs on it at once."""
        if self._running is None:
            return
        with contextlib.suppress(OSError, ValueError):
            server = int((self.folder / "postmaster.pid").read_text().split()[0])
            below = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            self._running.kill()  # first: it would start the server again
            for each in (server, *map(int, below)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
        self._running.kill()
        self._running.wait()
        self._running = None

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement; none where the server does not answer."""
        with contextlib.suppress(psycopg.Error), psycopg.connect(
            host="127.0.0.1", port=self.port, user="mpesa", dbname="postgres", autocommit=True, connect_timeout=2
        ) as raw:
            cursor = raw.execute(statement)
            return cursor.fetchall() if cursor.description else []
        return []

    @property
    def is_primary(self) -> bool:
        """Whether it takes writes."""
        return self.sql("SELECT pg_is_in_recovery()") == [(False,)]


class Watched:
    """Three members, of which one is the primary and another has everything before it counts."""

    def __init__(self, folder: Path, etcd: int) -> None:
        self.members = [Member(folder, name, etcd) for name in ("db1", "db2", "db3")]
        self.folder = folder

    @property
    def url(self) -> str:
        """The address of the ledger, on whichever takes writes."""
        return f"postgresql://mpesa@{','.join(f'127.0.0.1:{each.port}' for each in self.members)}/shop"

    def wait_until_safe(self, within_s: float = 90.0) -> Member:
        """The primary, once all others follow it and one has everything before it counts."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            for each in self.members:
                follow = [state for (state,) in each.sql(_FOLLOW)] if each.is_primary else []
                if "sync" in follow and len(follow) == len(self.members) - 1:
                    return each
            time.sleep(0.2)
        raise AssertionError("\n".join((self.folder / f"{m.name}.log").read_text()[-1_500:] for m in self.members))

    def close(self) -> None:
        """Switch all off."""
        for each in self.members:
            each.cut_power()


def as_postgres() -> list[str]:
    """What runs a program as the user postgres, where we are root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


@contextlib.contextmanager
def three_watched() -> Iterator[Watched]:
    """Three servers under Patroni, with a database ``shop``. Call :func:`missing` first."""
    with a_folder() as folder:
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        clients, peers = free_port(), free_port()
        with (folder / "etcd.log").open("ab") as log:
            etcd = subprocess.Popen(
                ["etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", f"http://127.0.0.1:{clients}",
                 "--advertise-client-urls", f"http://127.0.0.1:{clients}", "--listen-peer-urls",
                 f"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}",
                 "--initial-cluster", f"default=http://127.0.0.1:{peers}", "--logger", "zap"],
                stdout=log, stderr=log,
            )  # fmt: skip
        made = Watched(folder, clients)
        try:
            for each in made.members:
                each.start()
            made.wait_until_safe().sql("CREATE DATABASE shop")
            yield made
        finally:
            made.close()
            etcd.kill()
            etcd.wait()
