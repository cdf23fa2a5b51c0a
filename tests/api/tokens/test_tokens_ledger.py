"""What every ledger must promise about bearer tokens, whatever engine it stands on."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpesa_cli.api.tokens.store import Tokens, TokenWrites
from mpesa_cli.api.tokens.values import KnownToken
from mpesa_cli.ledger.ledger import Ledger

Open = Callable[[], Ledger]
SCOPES = frozenset({"payments:read", "payments:write"})


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the same ledger once more, as another process would."""
    ledgers: list[Ledger] = []

    def open_again() -> Ledger:
        ledgers.append(Ledger(tmp_path / "l.db", environment="simulator", token_hex=secrets.token_hex))
        return ledgers[-1]

    yield open_again
    for each in ledgers:
        each.close()


def token(jti: str, at_us: int = 100, scopes: frozenset[str] = SCOPES) -> KnownToken:
    return KnownToken(jti, "shop", scopes, at_us, at_us + 1000)


def test_a_token_is_known_to_the_next_process_as_it_was_made(opened: Open) -> None:
    with opened().write() as tx:
        TokenWrites(tx).add(token("a"), 100)
        assert Tokens(tx).token("a") == token("a")
    assert Tokens(opened()).token("a") == token("a")
    assert Tokens(opened()).token("A") is None


def test_a_revocation_is_seen_by_who_had_the_ledger_open_before(opened: Open) -> None:
    before = opened()
    with opened().write() as tx:
        TokenWrites(tx).add(token("a"), 100)
        TokenWrites(tx).revoke("a", 200)
    known = Tokens(before).token("a")
    assert known is not None
    assert (known.revoked_us, known.standing(150)) == (200, "revoked")


def test_a_transaction_that_fails_makes_and_revokes_nothing(opened: Open) -> None:
    ledger = opened()
    with ledger.write() as tx:
        TokenWrites(tx).add(token("a"), 100)

    def fail() -> None:
        with ledger.write() as tx:
            TokenWrites(tx).add(token("b"), 100)
            TokenWrites(tx).revoke("a", 200)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Tokens(ledger).token("b") is None
    assert Tokens(ledger).token("a") == token("a")


def test_the_newest_token_is_listed_first_and_strangers_by_their_revocation(opened: Open) -> None:
    ledger = opened()
    with ledger.write() as tx:
        for jti, at_us in (("a", 100), ("b", 300), ("c", 200)):
            TokenWrites(tx).add(token(jti, at_us, frozenset({"payments:read"})), at_us)
        TokenWrites(tx).revoke("stranger", 250)
    assert [known.jti for known in Tokens(ledger).all()] == ["b", "stranger", "c", "a"]
    assert Tokens(ledger).token("stranger") == KnownToken("stranger", "", frozenset(), None, None, 250)


def test_a_token_is_valid_to_its_last_moment(opened: Open) -> None:
    assert [token("a").standing(at_us) for at_us in (100, 1099, 1100)] == ["valid", "valid", "expired"]
