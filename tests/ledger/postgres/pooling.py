"""pgbouncer of a test's own, with the file that the documentation shows."""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres_server import a_folder, free_port

SHOWN = Path(__file__).parents[3] / "docs/operate/several-machines/pgbouncer.ini"
SESSIONS = 2


def of_test(to: int, database: str, port: int, folder: Path) -> str:
    """The documentation's file for servers of this machine, which trust whoever comes; few sessions, so that they are
    shared. ``to`` is the port that leads to the primary."""
    (folder / "users.txt").write_text('"mpesa" ""\n')
    text = SHOWN.read_text()
    for was, now in {
        "db.example.co.ke port=5432 dbname=shop": f"127.0.0.1 port={to} dbname={database}",
        "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1", "listen_port = 6432": f"listen_port = {port}",
        "auth_type = scram-sha-256": "auth_type = trust", "/etc/pgbouncer/userlist.txt": str(folder / "users.txt"),
        "default_pool_size = 20": f"default_pool_size = {SESSIONS}",
    }.items():
        assert was in text, was
        text = text.replace(was, now)
    return re.sub(r"(?m)^(client|server)_tls_.*$", "", text)


@contextlib.contextmanager
def a_pooler(to: int, database: str) -> Iterator[str]:
    """The address of a ledger behind pgbouncer, which lends a session for a transaction. Skips where there is none.

    ``to`` is the port of the server, or of what leads to it.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed here")
    with a_folder() as folder:
        port = free_port()
        (folder / "pgbouncer.ini").write_text(of_test(to, database, port, folder))
        as_user = []
        if os.geteuid() == 0:  # it does not run as root either
            user = pwd.getpwnam("postgres")
            as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            for each in (folder, *folder.iterdir()):
                shutil.chown(each, "postgres")
        with (folder / "log").open("ab") as log:
            running = subprocess.Popen([*as_user, program, str(folder / "pgbouncer.ini")], stdout=log, stderr=log)
        try:
            for _ in range(100):
                with contextlib.suppress(psycopg.Error), psycopg.connect(
                    host="127.0.0.1", port=port, user="mpesa", dbname="shop", connect_timeout=2
                ):
                    break
                time.sleep(0.05)
            else:
                raise AssertionError((folder / "log").read_text()[-2_000:])
            yield f"postgresql://mpesa@127.0.0.1:{port}/shop"
        finally:
            running.kill()
            running.wait()
