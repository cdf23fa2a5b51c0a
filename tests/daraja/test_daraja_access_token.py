"""One token for all processes: fetched once, private on disk, never trusted when it looks wrong."""

import json
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest
from daraja_servers import (
    CONSUMER_SECRET,
    KEY,
    NOW_US,
    PASSKEY,
    TOKEN,
    TOKEN_ANSWER,
    Clock,
    Seen,
    client_of,
    loopback,
)

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.daraja.token_answer import Token
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World

HOST = "https://sandbox.safaricom.co.ke"
SECRET = Secret("canary-consumer-secret")
NEXT = Secret("canary-access-token-0002")


class Fetches:
    """Gives the tokens in turn, and counts."""

    def __init__(self, *tokens: Token) -> None:
        self.tokens = list(tokens) or [Token(TOKEN, 3599), Token(NEXT, 3599)]
        self.count = 0

    def __call__(self) -> Token:
        self.count += 1
        return self.tokens[min(self.count, len(self.tokens)) - 1]


def cache_in(folder: Path, clock: Clock, host: str = HOST) -> TokenCache:
    return TokenCache(folder, KEY, SECRET, host, World(clock.now_us, clock.sleep))


def test_a_token_is_fetched_once_and_found_by_the_next_process(tmp_path: Path) -> None:
    fetch, clock = Fetches(), Clock()
    assert cache_in(tmp_path / "c", clock).obtain(fetch) == TOKEN
    assert cache_in(tmp_path / "c", clock).obtain(fetch) == TOKEN
    assert fetch.count == 1


def test_another_host_key_or_secret_shares_nothing(tmp_path: Path) -> None:
    clock = Clock()
    cache_in(tmp_path, clock).obtain(Fetches())
    assert cache_in(tmp_path, clock, "https://api.safaricom.co.ke").fresh() is None
    for key, secret in ((Secret("other"), SECRET), (KEY, Secret("other")), (KEY, Secret(""))):
        assert TokenCache(tmp_path, key, secret, HOST, World(clock.now_us, clock.sleep)).fresh() is None


def test_file_and_folder_are_private_and_their_names_tell_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    folder.mkdir(parents=True, mode=0o755)
    cache_in(folder, Clock()).obtain(Fetches())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert not any("canary" in f.name or "safaricom" in f.name for f in files)
    everything = b"".join(f.read_bytes() for f in files)
    assert KEY.reveal().encode() not in everything
    assert CONSUMER_SECRET.reveal().encode() not in everything


@pytest.mark.parametrize(("lifetime_s", "fresh_for_s"), [(3599, 3539), (100, 50), (2, 1)])
def test_it_is_refreshed_before_it_expires(tmp_path: Path, lifetime_s: int, fresh_for_s: int) -> None:
    clock = Clock()
    cache = cache_in(tmp_path, clock)
    cache.obtain(Fetches(Token(TOKEN, lifetime_s)))
    clock.at_us = NOW_US + fresh_for_s * 1_000_000 - 1
    assert cache.fresh() == TOKEN
    clock.at_us += 1
    assert cache.fresh() is None


def test_one_from_the_future_is_not_used(tmp_path: Path) -> None:
    clock = Clock()
    cache_in(tmp_path, clock).obtain(Fetches())
    clock.at_us -= 1
    assert cache_in(tmp_path, clock).fresh() is None


def spoil_mode(file: Path) -> None:
    file.chmod(0o644)


def spoil_text(file: Path) -> None:
    file.write_bytes(b'{"access_token": "canary')


def spoil_shape(file: Path) -> None:
    file.write_text(json.dumps({"access_token": "a b\r\nc", "fetched_us": NOW_US, "lifetime_s": 3599}))


def spoil_lifetime(file: Path) -> None:
    file.write_text(json.dumps({"access_token": "abc", "fetched_us": NOW_US, "lifetime_s": 10**9}))


def spoil_link(file: Path) -> None:
    elsewhere = file.with_name("elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def spoil_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def spoil_owner(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(file, 12345, -1)


@pytest.mark.parametrize(
    "spoil", [spoil_mode, spoil_text, spoil_shape, spoil_lifetime, spoil_link, spoil_pipe, spoil_owner]
)
def test_a_file_that_is_not_as_we_wrote_it_is_not_believed(tmp_path: Path, spoil: object) -> None:
    clock = Clock()
    cache = cache_in(tmp_path, clock)
    cache.obtain(Fetches())
    (file,) = tmp_path.glob("token-*.json")
    spoil(file)  # type: ignore[operator]
    assert cache.fresh() is None
    assert cache.obtain(Fetches(Token(NEXT, 3599))) == NEXT
    assert cache.fresh() == NEXT


def test_only_the_token_that_was_refused_is_dropped(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, Clock())
    cache.obtain(Fetches())
    cache.drop(NEXT)
    assert cache.fresh() == TOKEN
    cache.drop(TOKEN)
    assert cache.fresh() is None


@pytest.mark.parametrize("blocked", ["a file in the way", "another's folder"])
def test_without_a_usable_folder_the_token_lives_in_the_process(tmp_path: Path, blocked: str) -> None:
    folder = tmp_path / "cache"
    if blocked == "a file in the way":
        folder.write_text("")
    else:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        folder.mkdir()
        os.chown(folder, 12345, -1)
    cache, fetch = cache_in(folder, Clock()), Fetches()
    assert cache.obtain(fetch) == TOKEN
    assert cache.fresh() == TOKEN
    assert fetch.count == 1
    cache.drop(TOKEN)
    assert cache.fresh() is None


def test_a_process_that_is_stuck_with_the_lock_stops_nobody_for_ever(tmp_path: Path) -> None:
    clock, outer, inner = Clock(), Fetches(), Fetches(Token(NEXT, 3599))
    stuck, waiting = cache_in(tmp_path, clock), cache_in(tmp_path, clock)

    def fetch_while_another_waits() -> Token:
        assert waiting.obtain(inner) == NEXT
        return outer()

    stuck.obtain(fetch_while_another_waits)
    assert sum(clock.slept_s) == pytest.approx(40)


def run_till(url: str, folder: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    client = DarajaClient(
        base_url=url, consumer_key=KEY, consumer_secret=CONSUMER_SECRET, passkey=PASSKEY, cache_dir=folder,
        world=World(random=lambda: 0.5),
    )
    client.ready()


def test_many_processes_at_once_make_one_oauth_request(tmp_path: Path) -> None:
    def slowly(connection: object, _: Seen) -> None:
        time.sleep(0.3)  # long enough for every other process to want one too
        connection.sendall(TOKEN_ANSWER)  # type: ignore[attr-defined]

    spawning = multiprocessing.get_context("spawn")
    with loopback(oauth=slowly) as server:
        start = spawning.Barrier(4)
        tills = [spawning.Process(target=run_till, args=(server.url, tmp_path, start)) for _ in range(4)]
        for till in tills:
            till.start()
        for till in tills:
            till.join(60)
        assert [till.exitcode for till in tills] == [0] * 4
        assert server.count("/oauth/") == 1


def test_a_token_of_the_cache_needs_no_request_and_no_lock(tmp_path: Path) -> None:
    with loopback() as server:
        client_of(server.url, tmp_path).ready()
        for lock in tmp_path.glob("*.lock"):
            lock.unlink()
        client_of(server.url, tmp_path).ready()
        assert server.count("/oauth/") == 1
        assert not list(tmp_path.glob("*.lock"))
