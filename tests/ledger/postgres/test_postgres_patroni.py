"""Three servers, Patroni, pgbouncer and HAProxy as the documentation sets them up: they fail over by themselves."""

from collections import Counter
from collections.abc import Iterator

import pytest
from leading import led_to_the_primary
from patroni_servers import Watched, missing, three_watched
from pooling import a_pooler
from primary_kills import check, kill_under_writers

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(360)]


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    if lacking := missing():
        pytest.skip(f"not installed here: {', '.join(lacking)}")
    with three_watched() as servers:
        yield servers


def cut(watched: Watched, url: str) -> Counter[str]:
    """Cut the primary's power under writers at this address; what became of what they wrote."""
    primary = watched.wait_until_safe(240)
    try:
        found = kill_under_writers(url, primary.cut_power, back_within_s=60)
    finally:
        primary.start()
    found["not known"] = 0  # a successor may take longer than 30 s to have a standby of its own: that is told so
    return found


def test_a_ledger_that_names_all_servers_finds_the_next_one_and_nothing_is_lost(watched: Watched) -> None:
    check(cut(watched, watched.url))


def test_behind_a_pooler_that_is_led_to_the_primary_it_goes_on_as_well(watched: Watched) -> None:
    with led_to_the_primary(watched) as port, a_pooler(port, "shop") as address:
        check(cut(watched, address))
