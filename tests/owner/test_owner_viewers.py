"""The browsers as the ledger keeps them: neither code nor cookie is in it, and an audit finds what was changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from owner_shop import opened
from raw_ledger import changed

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.owner.viewers.store import Viewers, ViewerWrites
from mpesa_cli.owner.viewers.values import COOKIE_LIFE_US, shown_code, typed_code

Run = Callable[..., Any]
CODE, COOKIE = "7KQ2M3F8ZD", "c0ffee" * 10


@pytest.fixture
def paired(mpesa: Run, home: Path, clock: Any) -> Path:
    """A ledger in which one browser was paired, one code waits, and one was revoked."""
    assert mpesa("history").status == 0
    ledger = opened(home)
    with ledger.write() as tx:
        viewers = ViewerWrites(tx)
        viewers.expect("VWR-1", "amina", CODE, clock.now)
        assert viewers.pair(CODE, COOKIE, clock.now + 1) is not None
        viewers.expect("VWR-2", "office", "0000000000", clock.now)
        viewers.expect("VWR-3", "gone", "1111111111", clock.now)
        viewers.revoke("VWR-3", clock.now + 2)
    ledger.close()
    return next((home / "data").glob("*.db"))


def test_neither_code_nor_cookie_is_in_the_ledger_and_an_audit_finds_it_whole(mpesa: Run, paired: Path) -> None:
    for each in paired.parent.iterdir():
        content = each.read_bytes()
        assert CODE.encode() not in content
        assert COOKIE.encode() not in content
    assert mpesa("audit", "verify").status == 0


@pytest.mark.parametrize(
    ("sql", "flaw"),
    [
        ("UPDATE viewers SET revoked_us=NULL WHERE viewer_id='VWR-3'", "VWR-3 is not revoked as the journal says"),
        ("UPDATE viewers SET until_us=until_us+1 WHERE viewer_id='VWR-1'", "VWR-1 is not what was paired"),
        (f"UPDATE viewers SET cookie_sha256='{secret_hash('mine')}' WHERE viewer_id='VWR-1'", "VWR-1 is not what was"),
        ("UPDATE viewers SET code_until_us=code_until_us*2 WHERE viewer_id='VWR-2'", "VWR-2 is not what was paired"),
        ("DELETE FROM viewers WHERE viewer_id='VWR-3'", "VWR-3 is missing"),
        ("INSERT INTO viewers (viewer_id, name, code_sha256, made_us, code_until_us) VALUES ('VWR-9','x','y',1,2)",
         "VWR-9 is known, and the journal does not say"),
    ],
)
def test_an_audit_finds_a_browser_that_was_let_in_by_hand(mpesa: Run, paired: Path, sql: str, flaw: str) -> None:
    changed(paired, sql)
    found = mpesa("audit", "verify")
    assert found.status == 7
    assert flaw in found.stdout + found.stderr


def test_a_code_that_was_used_never_pairs_again_whatever_became_of_the_browser(
    mpesa: Run, home: Path, paired: Path, clock: Any
) -> None:
    ledger = opened(home)
    for late_us in (0, COOKIE_LIFE_US + 1):
        with ledger.write() as tx:
            assert ViewerWrites(tx).pair(CODE, "another", clock.now + late_us) is None
            assert ViewerWrites(tx).pair("1111111111", "another", clock.now + late_us) is None
    assert Viewers(ledger).of_cookie(COOKIE, clock.now + COOKIE_LIFE_US) is not None
    assert Viewers(ledger).of_cookie(COOKIE, clock.now + 1 + COOKIE_LIFE_US) is None
    ledger.close()


@pytest.mark.parametrize("typed", ["7KQ2M-3F8ZD", "7kq2m 3f8zd", " 7KQ2M3F8ZD ", "7-K-Q-2-M-3-F-8-Z-D"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert typed_code(typed) == CODE
    assert typed_code(shown_code("01" * 5).replace("0", "O").replace("1", "l")) == "01" * 5
