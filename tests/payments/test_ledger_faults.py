"""A ledger that can't be used stops a push before it is sent; one that fails after the POST never hides it."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from daraja_servers import Behaviour, Loopback, Seen, loopback
from forked import Nursery
from shopkeeper import ACCEPTED, ORDER, PHONE, Shopkeeper, error_of

from mpesa_cli.ledger import ledger as ledger_module
from mpesa_cli.ledger.ledger import Ledger

HOLDER = (
    "import sqlite3, sys\n"
    "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "db.execute('BEGIN IMMEDIATE')\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth of a second for a lock rather than ten."""
    monkeypatch.setitem(Ledger.__init__.__kwdefaults__, "busy_timeout_s", 0.1)


@pytest.fixture
def clerk(shopkeeper: Shopkeeper, daraja: Loopback) -> Shopkeeper:
    """A shopkeeper with one paid-for order and a ledger on disk."""
    clerk = shopkeeper.at(daraja.url)
    assert clerk.push(order="earlier", phone="254712000001").status == 0
    daraja.seen.clear()
    return clerk


@contextlib.contextmanager
def held_by_another_process(path: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield
        assert holder.stdin
        holder.stdin.close()


@pytest.mark.usefixtures("impatient")
def test_a_ledger_locked_for_long_stops_a_push_before_it_is_sent(clerk: Shopkeeper, daraja: Loopback) -> None:
    with held_by_another_process(clerk.ledger_path):
        pushed = clerk.push()
        told = error_of(pushed)
        assert (pushed.status, told["code"], told["money_moved"], told["retry_safe"]) == (
            5, "ledger-locked", "no", True,
        )
        assert clerk.status("--no-refresh", ref="earlier").status == 8  # reading needs no lock
    assert daraja.posts == []
    assert clerk.push().status == 0
    assert len(daraja.posts) == 1


def locks_the_ledger(path: Path, held: list[sqlite3.Connection]) -> Behaviour:
    """A Daraja during whose answer somebody else takes the ledger's lock."""

    def behave(sock: socket.socket, _: Seen) -> None:
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        held.append(holder)
        sock.sendall(ACCEPTED)

    return behave


@pytest.mark.usefixtures("impatient")
def test_an_answer_that_cannot_be_stored_is_unknown_and_says_not_to_push_again(clerk: Shopkeeper) -> None:
    held: list[sqlite3.Connection] = []
    with loopback(locks_the_ledger(clerk.ledger_path, held)) as server:
        clerk = clerk.at(server.url)
        pushed = clerk.push()
        assert pushed.status == 6, pushed
        told = error_of(pushed)
        assert (told["code"], told["money_moved"], told["retry_safe"]) == ("answer-not-stored", "unknown", False)
        assert "Do not push again" in told["hint"]
        assert "mpesa status PAY-" in told["hint"]
        held[0].close()
        # Nobody holds its sender's lock any more: whoever looks next says at once that it may have left.
        assert (clerk.state(), clerk.push().status, clerk.state()) == ("sending", 6, "unknown")
        clerk.clock.advance(61)
        assert (clerk.status().status, clerk.push().status, clerk.state()) == (6, 6, "unknown")
        assert len(server.posts) == 1


@pytest.mark.usefixtures("impatient")
def test_an_answer_is_stored_as_soon_as_the_lock_is_gone(clerk: Shopkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[sqlite3.Connection] = []
    sleep = clerk.clock.sleep

    def sleep_and_let_go(seconds: float) -> None:
        held[0].close()
        sleep(seconds)

    monkeypatch.setattr(clerk.clock, "sleep", sleep_and_let_go)
    with loopback(locks_the_ledger(clerk.ledger_path, held)) as server:
        assert clerk.at(server.url).push().status == 0
        assert (clerk.state(), len(server.posts)) == ("pending", 1)


def test_three_processes_that_make_one_ledger_at_once_all_can(three: list[Nursery], tmp_path: Path) -> None:
    together = threading.Barrier(3)

    def look(hand: Nursery, home: Path) -> Any:
        together.wait()
        return hand.run(["status", "nobody", "--json"], {"MPESA_HOME": str(home), "PATH": "/usr/bin:/bin"})

    with ThreadPoolExecutor(3) as pool:
        for number in range(20):
            home = tmp_path / str(number)
            for ended in pool.map(look, three, [home] * 3):
                assert (ended.status, ended.json["error"]["code"]) == (2, "not-found"), ended
            with contextlib.closing(sqlite3.connect(home / "data" / "simulator-simulator.db")) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert db.execute("SELECT count(*) FROM meta WHERE key='environment'").fetchone() == (1,)


def newer(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=999")


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwritten_at_its_head(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"not a ledger any more, somebody's shopping list")


def overwritten_inside(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


UNUSABLE: dict[str, tuple[Callable[[Path], None], str]] = {
    "newer than the program": (newer, "ledger-too-new"),
    "truncated": (truncated, "ledger-corrupt"),
    "overwritten at its head": (overwritten_at_its_head, "ledger-corrupt"),
    "overwritten inside": (overwritten_inside, "ledger-corrupt"),
}


@pytest.mark.parametrize("how", UNUSABLE)
@pytest.mark.parametrize("command", ["push", "status", "retry"])
def test_an_unusable_ledger_stops_every_command_and_is_left_as_it_is(
    clerk: Shopkeeper, daraja: Loopback, how: str, command: str
) -> None:
    spoil, code = UNUSABLE[how]
    spoil(clerk.ledger_path)
    before = clerk.ledger_path.read_bytes()
    argv = ["push", PHONE, "100", "--order", ORDER] if command == "push" else [command, "earlier"]
    ended = clerk.run(*argv, "--json")
    assert ended.status == 10, ended
    told = error_of(ended)
    assert (told["code"], told["retry_safe"]) == (code, False)
    assert clerk.ledger_path.read_bytes() == before
    assert daraja.seen == []


def test_another_environments_ledger_is_refused(clerk: Shopkeeper, daraja: Loopback) -> None:
    other = clerk.at(daraja.url)
    other.environ = {**other.environ, "MPESA_ENVIRONMENT": "production", "MPESA_PASSKEY": "passkey",
                     "MPESA_SHORTCODE": "247247", "MPESA_LEDGER": str(clerk.ledger_path)}
    ended = other.push("--yes")
    assert (ended.status, error_of(ended)["code"]) == (10, "ledger-other-environment")
    assert daraja.posts == []


def mounted(folder: Path, options: str) -> bool:
    """Mount a small file system in memory, where this user may."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    if not mounted(folder, f"size={size}"):
        pytest.skip("mounts a file system, which this user may not")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def fill(folder: Path) -> Path:
    """Use up the rest of the disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return ballast


def test_a_disk_that_is_nearly_full_stops_a_push_before_it_is_sent(
    shopkeeper: Shopkeeper, daraja: Loopback, home: Path
) -> None:
    with small_disk(home, "16m"):
        pushed = shopkeeper.at(daraja.url).push()
    assert (pushed.status, error_of(pushed)["code"]) == (5, "disk-nearly-full")
    assert daraja.posts == []


def test_a_full_disk_stops_a_push_before_it_is_sent(
    shopkeeper: Shopkeeper, daraja: Loopback, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "SPACE_NEEDED_BYTES", 0)
    with small_disk(home, "2m"):
        clerk = shopkeeper.at(daraja.url)
        assert clerk.push(order="earlier", phone="254712000001").status == 0
        ballast = fill(home)
        pushed = clerk.push()
        told = error_of(pushed)
        assert (pushed.status, told["money_moved"], told["retry_safe"]) == (5, "no", True)
        assert told["code"] in {"disk-full", "disk-error"}  # where the file that processes share can't grow
        assert len(daraja.posts) == 1
        ballast.unlink()
        assert clerk.push().status == 0
        assert clerk.state() == "pending"


def test_a_disk_that_fills_up_during_the_post_leaves_an_unknown_outcome(
    shopkeeper: Shopkeeper, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "SPACE_NEEDED_BYTES", 0)

    def fills(sock: socket.socket, _: Seen) -> None:
        fill(home)
        sock.sendall(ACCEPTED)

    with small_disk(home, "2m"), loopback(fills) as server:
        clerk = shopkeeper.at(server.url)
        pushed = clerk.push()
        assert (pushed.status, error_of(pushed)["code"]) == (6, "answer-not-stored")
        (home / "ballast").unlink()
        clerk.clock.advance(61)
        assert (clerk.status().status, clerk.push().status) == (6, 6)
        assert len(server.posts) == 1


def test_a_file_that_may_not_grow_stops_a_push_before_it_is_sent(clerk: Shopkeeper, daraja: Loopback) -> None:
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "from mpesa_cli.start import entry_point; entry_point()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "push", PHONE, "100", "--order", ORDER, "--json"],
        env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)}, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 5, done
    assert json.loads(done.stdout)["error"]["code"] in {"disk-full", "disk-error"}
    assert daraja.posts == []
    assert clerk.push().status == 0


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that can be read and not written; root needs a file system of its own for that."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    inside = folder.with_name("copy")
    shutil.copytree(folder, inside)
    if not mounted(folder, "size=16m"):
        pytest.skip("mounts a file system, which this user may not")
    try:
        shutil.copytree(inside, folder, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


@pytest.mark.parametrize("command", ["push", "status"])
def test_a_read_only_folder_is_told_and_nothing_is_sent(clerk: Shopkeeper, daraja: Loopback, command: str) -> None:
    """On a disk that nobody can write, the books can be read all the same."""
    argv = ["push", PHONE, "100", "--order", ORDER] if command == "push" else ["status", "earlier", "--no-refresh"]
    with read_only(clerk.home / "data"):
        ended = clerk.run(*argv, "--json")
        if command == "status" and os.geteuid() == 0:
            assert (ended.status, json.loads(ended.stdout)["status"]) == (8, "pending"), ended
        else:
            assert (ended.status, error_of(ended)["code"]) == (10, "ledger-read-only"), ended
    assert daraja.seen == []


def test_a_home_that_cannot_be_made_is_told_and_nothing_is_sent(
    shopkeeper: Shopkeeper, daraja: Loopback, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    clerk = shopkeeper.at(daraja.url)
    clerk.environ = {**clerk.environ, "MPESA_HOME": str(tmp_path / "file" / "home")}
    ended = clerk.push()
    assert ended.status == 10, ended
    assert daraja.posts == []
