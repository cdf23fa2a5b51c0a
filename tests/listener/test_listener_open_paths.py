"""How much may come without a secret: shares, an end to each day, and small bodies only."""

from pathlib import Path

import pytest
from listener.listening import listener

from mpesa_cli.floor.world import World
from mpesa_cli.listener.server.open_paths import AT_ONCE, OF_ADDRESS_A_DAY, OF_ALL_A_DAY, OpenPaths

STRANGER, OTHER, DARAJA, HERE = "203.0.113.9", "203.0.113.10", "196.201.214.200", "127.0.0.1"
DAY_S = 86_400


class Clocks:
    """Both clocks that the paths go by."""

    now_s = 1_000_000.0

    def paths(self) -> OpenPaths:
        return OpenPaths(lambda: self.now_s, World(lambda: int(self.now_s * 1_000_000)))


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.mark.parametrize("address", [STRANGER, HERE])
def test_an_address_has_its_share_of_a_minute_and_starves_no_other(clocks: Clocks, address: str) -> None:
    paths = clocks.paths()
    assert [paths.may_come(address) for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    assert paths.may_come(OTHER)
    clocks.now_s += 1
    assert [paths.may_come(address) for _ in range(2)] == [True, False]
    clocks.now_s += 3600
    assert [paths.may_come(address) for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]


def test_an_address_has_its_share_of_a_day(clocks: Clocks) -> None:
    paths = clocks.paths()
    came = 0
    for _ in range(2 * OF_ADDRESS_A_DAY):
        clocks.now_s += 1
        came += paths.may_come(STRANGER)
    assert came == OF_ADDRESS_A_DAY
    assert paths.may_come(OTHER)
    clocks.now_s += DAY_S
    assert paths.may_come(STRANGER)


def test_all_strangers_together_have_an_end_to_their_day_and_daraja_and_this_machine_have_none(clocks: Clocks) -> None:
    paths = clocks.paths()
    addresses = [f"198.18.{n >> 8}.{n & 255}" for n in range(OF_ALL_A_DAY + 100)]
    assert sum(paths.may_come(address) for address in addresses) == OF_ALL_A_DAY
    assert all(paths.may_come(DARAJA) for _ in range(100))
    assert paths.may_come(HERE)


def test_addresses_of_one_ipv6_network_share(clocks: Clocks) -> None:
    paths = clocks.paths()
    assert sum(paths.may_come(f"2001:db8::{n:x}") for n in range(1, 2 * AT_ONCE)) == AT_ONCE


def test_a_body_that_is_announced_too_large_for_an_open_path_is_not_even_read(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench:
        assert bench.post("/payments/mpesa/callback", b" " * 4097)[0] == 413
        assert bench.post(f"/hooks/stk/{'0' * 32}", b" " * 4097)[0] == 404
