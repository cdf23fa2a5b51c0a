"""Clock, sleep, chance, ids and network come from the floor. What takes them elsewhere stands here, with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mpesa_cli

PACKAGE = Path(mpesa_cli.__file__).parent
FLOOR = PACKAGE / "floor"

THE_WORLD_S = (
    "time.time", "time.monotonic", "time.perf_counter", "time.sleep", "time.localtime", "time.gmtime",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "secrets.", "random.", "uuid.uuid", "os.urandom", "os.getrandom", "mpesa_cli.floor.world.World()",
    "socket.socket()", "socket.create_", "socket.getaddrinfo", "socket.gethostby", "httpx.Client()",
    "httpx.AsyncClient()", "urllib.request.", "http.client.HTTPConnection", "http.client.HTTPSConnection", "smtplib.",
)
IMPORTED = re.compile(
    r"^ *(import|from) (time|datetime|secrets|random|uuid|os|socket|http|urllib|smtplib|mpesa_cli\.floor\.w)",
    re.MULTILINE,
)
ALLOWED = {
    # A pace, or how long something took, on a clock that nobody sets: nothing of it is stored or decided by.
    "ledger/engine/marker.py": {"time.monotonic"},
    "listener/forwarding/forward.py": {"time.monotonic", "httpx.Client()"},  # and it posts to the shop's own address
    "listener/intake/writer.py": {"time.monotonic"},
    "listener/trigger/send.py": {"time.monotonic", "httpx.Client()"},  # so does this
    # Waits for other processes, servers and printers, whose time is the machine's whatever clock we are given.
    "ledger/engine/connection.py": {"time.monotonic", "time.sleep"},
    "ledger/engine/postgres/attentive.py": {"time.monotonic", "secrets.token_hex"},  # names, as the mark below
    "ledger/engine/postgres/connecting.py": {"time.monotonic", "time.sleep"},
    "receipts/printer.py": {"time.sleep", "socket.create_connection"},
    # A mark and a nonce must differ from all others, those of other machines too, whatever chance we are given.
    "ledger/engine/postgres/engine.py": {"uuid.uuid4", "time.monotonic", "time.sleep"},
    "ledger/engine/postgres/shared_notes.py": {"os.urandom"},
    # One seed, the same faults.
    "simulator/chaos.py": {"random.Random"},
    # The simulator's server: it tells its callbacks, and tests start it by itself.
    "simulator/server/sender.py": {"httpx.AsyncClient()"},
    "simulator/server/server.py": {"mpesa_cli.floor.world.World()"},
    # Ports that this program serves.
    "listener/server/server.py": {"socket.socket()"},
    "simulator/loopback.py": {"socket.socket()"},
    # Looks whether anything answers, and a word to the shop's own watchdog or system: no request to M-PESA.
    "initiator/listener_alive.py": {"socket.create_connection"},
    "listener/checking/wire.py": {"httpx.Client()"},
    "owner/address.py": {"socket.create_connection", "socket.socket()"},
    "upkeep/doctor/network.py": {"urllib.request.Request", "urllib.request.urlopen"},
    "upkeep/ping.py": {"urllib.request.ProxyHandler", "urllib.request.build_opener"},
}


def taken_of_the_world(text: str) -> Iterator[str]:
    """The names of the world's that a module takes by itself. ``()`` behind a name: only calling it does."""
    if IMPORTED.search(text) is None:
        return
    tree, whole_of = ast.parse(text), {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                whole_of |= {(each.asname or each.name.partition(".")[0]): each.name for each in names}
            case ast.ImportFrom(module=str(module), names=names):
                lean = "" if module == "mpesa_cli.floor.wire.lean_httpx" else f"{module}."
                whole_of |= {each.asname or each.name: lean + each.name for each in names}
    for node in ast.walk(tree):
        name = dotted(node.func) if isinstance(node, ast.Call) else dotted(node)
        first, _, rest = name.partition(".")
        whole = ".".join(each for each in (whole_of.get(first, ""), rest) if each) + "()" * isinstance(node, ast.Call)
        if any(whole.startswith(each) for each in THE_WORLD_S):
            yield whole if whole in THE_WORLD_S else whole.removesuffix("()")


def dotted(node: ast.AST) -> str:
    """``a.b.c`` as it stands in a module; empty for what is no such name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr) if owner := dotted(value):
            return f"{owner}.{attr}"
    return ""


def test_clock_chance_ids_and_network_come_from_the_floor_or_are_named_here() -> None:
    elsewhere = {
        path.relative_to(PACKAGE).as_posix(): taken
        for path in PACKAGE.rglob("*.py") if FLOOR not in path.parents
        if (taken := set(taken_of_the_world(path.read_text(encoding="utf-8"))))
    }
    assert elsewhere == ALLOWED


@pytest.mark.parametrize(
    ("lines", "taken"),
    [("import time\ntime.time_ns()", "time.time_ns"), ("from time import monotonic as now\nnow()", "time.monotonic"),
     ("from datetime import datetime\ndatetime.now(UTC)", "datetime.datetime.now"),
     ("import secrets\nmade = secrets.token_hex", "secrets.token_hex"), ("import os\nos.urandom(4)", "os.urandom"),
     ("from mpesa_cli.floor.world import World\nWorld()", "mpesa_cli.floor.world.World()"),
     ("from urllib.request import urlopen\nurlopen(url)", "urllib.request.urlopen"),
     ("from mpesa_cli.floor.wire.lean_httpx import httpx\nhttpx.Client()", "httpx.Client()")],
)
def test_the_guard_of_the_world_sees_what_it_forbids(lines: str, taken: str) -> None:
    assert taken in set(taken_of_the_world(lines))
