"""Windows' access lists, as the system writes them: who owns a file, and whether anybody else may use it."""

import pytest

from mpesa_cli.floor.machine.access_lists import is_owned, is_private, private_to

WANJIKU = "S-1-5-21-397955417-626881126-188441444-1010"
ANOTHER = "S-1-5-21-397955417-626881126-188441444-1011"


@pytest.mark.parametrize("folder", [False, True])
def test_what_is_made_private_is_found_private_by_its_owner_alone(folder: bool) -> None:
    made = f"O:{WANJIKU}{private_to(WANJIKU, folder=folder)}"
    assert (is_owned(made, WANJIKU), is_private(made, WANJIKU)) == (True, True)
    assert (is_owned(made, ANOTHER), is_private(made, ANOTHER)) == (False, False)


@pytest.mark.parametrize(
    ("entries", "private"),
    [
        (f"D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;{WANJIKU})", True),  # below the user's own folder
        ("D:PAI(A;OICI;FA;;;S-1-5-18)(A;OICI;FA;;;S-1-5-32-544)(A;OICIIO;GA;;;CO)", True),
        (f"D:(D;;FA;;;WD)(A;;FA;;;{WANJIKU})", True),  # whom it shuts out does not use it
        (f"D:AI(A;ID;FA;;;{WANJIKU})(A;OICIIOID;0x1200a9;;;BU)", True),  # only what lies below is open
        (f"D:AI(A;ID;FA;;;{WANJIKU})(A;ID;0x1200a9;;;BU)", False),  # C:\shop: every user of the PC reads
        (f"D:(A;;FR;;;WD)(A;;FA;;;{WANJIKU})", False),
        (f"D:(A;;FA;;;{ANOTHER})", False),
        (f"D:(XA;;FR;;;AU;(@User.clearance>=1))(A;;FA;;;{WANJIKU})", False),
        (f"D:(XA;;FA;;;{WANJIKU};(@User.shift==1))(A;;FR;;;WD)", False),
        ("D:NO_ACCESS_CONTROL", False),  # no list at all: everybody
        ("", False),
    ],
)
def test_a_file_is_private_where_nobody_else_is_let_in(entries: str, private: bool) -> None:
    assert is_private(f"O:{WANJIKU}G:DU{entries}", WANJIKU) is private


@pytest.mark.parametrize(
    ("owner", "ours"), [(WANJIKU, True), ("BA", True), ("SY", True), (ANOTHER, False), ("BU", False), ("", False)]
)
def test_what_an_administrator_made_counts_as_ours_and_another_users_does_not(owner: str, ours: bool) -> None:
    assert is_owned(f"O:{owner}G:DUD:(A;;FA;;;SY)" if owner else "D:(A;;FA;;;SY)", WANJIKU) is ours
