"""What is told once a minute with a count names an address only where all of it came from there."""

import pytest

from mpesa_cli.listener.events import Event
from mpesa_cli.listener.screen import document, words
from mpesa_cli.listener.seldom import TELL_EVERY_S, Seldom


@pytest.mark.parametrize(
    ("peers", "said", "addresses"),
    [
        (["203.0.113.7"] * 3, " from 203.0.113.7:", 1),
        (["203.0.113.7", "203.0.113.8", "203.0.113.7"], " from 2 addresses:", 2),
        ([f"203.0.113.{n}" for n in range(50)], " from 50 addresses:", 50),
    ],
)
def test_no_address_stands_for_the_others(peers: list[str], said: str, addresses: int) -> None:
    told: list[Event] = []
    clock = [0.0]
    seldom = Seldom(told.append, lambda: clock[0], frozenset({"refused"}))
    for peer in ["198.51.100.1", *peers]:
        seldom(Event("refused", 1, peer, detail="unknown token"))
    clock[0] += TELL_EVERY_S
    seldom.tell()
    first, rest = told
    assert first.peer == "198.51.100.1"
    assert (rest.count, said in words(rest)) == (len(peers), True)
    assert document(rest)["addresses"] == addresses
    assert (document(rest)["peer"] is None) is (addresses > 1)
    for peer in peers[:1]:  # and the next minute begins anew
        seldom(Event("refused", 2, peer, detail="unknown token"))
        seldom.tell(all_of_it=True)
    assert (told[-1].peer, told[-1].addresses) == (peers[0], 1)
