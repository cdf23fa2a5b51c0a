"""HAProxy of a test's own, with the file that the documentation shows, in front of servers under Patroni."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from patroni_servers import Watched
from postgres_server import a_folder, free_port

SHOWN = Path(__file__).parents[3] / "docs/operate/several-machines/haproxy.cfg"


@contextlib.contextmanager
def led_to_the_primary(watched: Watched) -> Iterator[int]:
    """The port that leads to whichever takes writes. Skips where there is no HAProxy."""
    program = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("haproxy is not installed here")
    port = free_port()
    text = SHOWN.read_text()
    for was, now in {
        "127.0.0.1:5433": f"127.0.0.1:{port}",
        **{f"{each.name}.example.co.ke:5432 check port 8008": f"127.0.0.1:{each.port} check port {each.rest}"
           for each in watched.members},
    }.items():
        assert was in text, was
        text = text.replace(was, now)
    with a_folder() as folder:
        (folder / "haproxy.cfg").write_text(text)
        with (folder / "log").open("ab") as log:
            running = subprocess.Popen([program, "-f", str(folder / "haproxy.cfg")], stdout=log, stderr=log)
        try:
            yield port
        finally:
            running.kill()
            running.wait()
