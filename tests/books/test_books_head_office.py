"""A head office's daily file: each row goes to the ledger of its store, and what is nobody's here is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from books_shop import LOST, NIGHT_S
from head_office import BOTH, OUTERING, WESTLANDS, HeadOffice, charge, kinds, paid, unread
from portal import Row
from portal import write as write_portal


@pytest.fixture
def office(mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path) -> HeadOffice:
    """A head office with two tills."""
    made = HeadOffice(mpesa, clock, home, tmp_path / "daily.csv")
    made.configure(outering={}, westlands={})
    return made


def test_a_row_is_of_its_stores_ledger_and_never_of_anothers_that_it_would_fit(office: HeadOffice) -> None:
    office.sell("outering", "1001", phone=LOST)
    _, at = office.sell("westlands", "1002", phone=LOST)
    office.write(paid(WESTLANDS, at, "UKO4Q7X81B", party=LOST), charge(WESTLANDS, at, "UKO4Q7X81B"))
    done = office.reconcile(*BOTH, status=7)
    first, second = done.stdout.split("westlands:")
    assert ("UKO4Q7X81B" in first, "It looks like order 1002" in second) == (False, True), done


def test_every_row_is_in_one_ledger_and_the_same_file_again_changes_nothing(office: HeadOffice) -> None:
    one, at_one = office.sell("outering", "1001")
    two, at_two = office.sell("westlands", "1001", 1_200)
    office.write(
        paid(OUTERING, at_one, one), charge(OUTERING, at_one, one), paid("duka   Westlands", at_two, two, 1_200), "",
        below="TOTAL,,,,,,,1350.00,2.75,,",
    )
    assert office.reconcile(*BOTH, status=0).stdout == ""
    for profile, other, rows, net in (("outering", "westlands", 2, 147.25), ("westlands", "outering", 1, 1_200)):
        document = office.told(profile)
        (taken,) = document["statements"]
        assert (taken["rows"], taken["new_rows"], document["totals"]["net"], document["breaks"]) == (rows, 0, net, [])
        assert [(each["profile"], each["rows"]) for each in taken["not_read"]] == [(other, 3 - rows)]
    assert office.reconcile(*BOTH, status=0).stdout == ""


def test_rows_of_a_store_that_nobody_has_are_named_once_and_are_read_when_a_profile_has_it(office: HeadOffice) -> None:
    receipt, at = office.sell("outering", "1001")
    karens = [paid("DUKA KAREN", at, f"UKO4Q7X8{n}C") for n in range(3)]
    office.write(paid(OUTERING, at, receipt), *karens, paid("", at, "UKO4Q7X81D"))
    done = office.reconcile(*BOTH, status=7)
    assert unread(done.stdout) == [("3", "DUKA KAREN"), ("1", "without a name")]
    said = office.told("outering", 7)["statements"][0]["not_read"]
    assert [(each["store"], each["rows"]) for each in said] == [("DUKA KAREN", 3), ("", 1)]
    office.write(paid(OUTERING, at, receipt), *karens)
    assert unread(office.reconcile(*BOTH, status=7).stdout) == [("3", "DUKA KAREN")]
    karen = {"shortcode": "600102", "till": "5012347", "store_name": "DUKA KAREN"}
    office.configure(outering={}, westlands={}, karen=karen)
    assert office.reconcile(*BOTH, status=0).stdout == ""
    assert [each for _, each in kinds(office.told("karen", 7))] == ["UKO4Q7X80C", "UKO4Q7X81C", "UKO4Q7X82C"]


def test_a_row_that_cannot_be_read_is_held_by_its_own_till_alone(office: HeadOffice) -> None:
    receipt, at = office.sell("outering", "1001")
    office.write(paid(OUTERING, at, receipt), paid(OUTERING, at, "1.23E+15"))
    assert kinds(office.told("westlands")) == []
    assert [kind for kind, _ in kinds(office.told("outering", 7))] == ["unknown_row"]


def test_the_rows_of_a_profile_that_is_not_whole_are_not_called_nobodys(office: HeadOffice) -> None:
    office.configure(outering={}, westlands={"kind": "paybill"})
    receipt, at = office.sell("outering", "1001")
    office.write(paid(OUTERING, at, receipt), paid(WESTLANDS, at, "UKO4Q7X81B"))
    done = office.reconcile("-P", "outering", status=0)
    assert (done.stdout, "westlands" in done.stderr) == ("", True)


@pytest.mark.parametrize(("said", "env", "code"), [
    ({"store_name": "duka outering"}, {}, "store-name-twice"),
    ({"store_name": ""}, {}, "store-name-missing"),
    ({}, {"MPESA_STORE_NAME": OUTERING}, "store-name-twice"),
])
def test_nothing_is_read_where_nothing_tells_whose_the_rows_are(
    office: HeadOffice, said: dict[str, str], env: dict[str, str], code: str
) -> None:
    office.configure(outering={}, westlands=said)
    office.write(paid(OUTERING, "10:45:12", "UKO4Q7X81A"), paid(WESTLANDS, "10:45:12", "UKO4Q7X81B"))
    done = office.mpesa("reconcile", "--statement", str(office.file), "-P", "westlands", "--json", env=env)
    assert (done.status != 0, f'"{code}"' in done.stdout) == (True, True), done
    office.configure(outering={}, westlands={})
    assert office.told("westlands", 7)["statements"][0]["new_rows"] == 1


@pytest.mark.parametrize("other", [
    {"shortcode": "600100", "till": "5012345"}, {"ledger": "one.db"}, {"environment": "sandbox"}, None,
])
def test_profiles_that_are_not_apart_are_not_run_together(office: HeadOffice, other: dict[str, str] | None) -> None:
    office.configure(outering={"ledger": "one.db"}, westlands=other or {})
    office.write(paid(OUTERING, "10:45:12", "UKO4Q7X81A"))
    done = office.reconcile(*(BOTH if other else ("-P", "outering", "-P", "outering")), status=2)
    assert "Nothing was done" in done.stderr
    assert not list(office.home.rglob("*.db"))


def test_what_ends_the_run_of_one_till_keeps_no_other_from_its_own(office: HeadOffice) -> None:
    receipt, at = office.sell("westlands", "1001")
    (office.home / "config" / "broken.db").write_text("This is no ledger. " * 600)
    office.configure(outering={"ledger": "broken.db"}, westlands={})
    office.write(paid(WESTLANDS, at, receipt), paid("DUKA KAREN", at, "UKO4Q7X81C"))
    done = office.mpesa("reconcile", *BOTH, "--statement", str(office.file))
    assert (done.status not in {0, 7}, "outering:" in done.stderr) == (True, True), done
    assert unread(done.stdout) == [("1", "DUKA KAREN")]
    assert office.told("westlands", 7)["statements"][0]["rows"] == 1


def test_a_file_that_names_a_shortcode_is_read_by_the_profile_that_has_it_alone(office: HeadOffice) -> None:
    receipt, at = office.sell("westlands", "1001")
    office.clock.advance(NIGHT_S)
    write_portal(office.file, Row(receipt, 150, at=at), shortcode="5012346")
    assert office.reconcile(*BOTH, status=0).stdout == ""
    assert office.told("westlands")["statements"][0]["rows"] == 1
    office.configure(outering={}, westlands={"shortcode": "600100"})
    for shortcode in ("600100", "-"):  # several of them have it; the file says none
        write_portal(office.file, Row(receipt, 150, at=at), shortcode=shortcode)
        assert "whose its rows are" in office.reconcile(*BOTH, status=2).stderr
