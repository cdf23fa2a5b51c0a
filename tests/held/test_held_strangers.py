"""What comes without our secret: kept within bounds, found by its receipt, held if Daraja's, never believed."""

import json
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import c2b, encode
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.strangers import Strangers
from mpesa_cli.listener.intake.deliveries import OpenDelivery, Verdict
from mpesa_cli.rules.strangers import BODY_MAX_BYTES, KEPT_MAX, SHARE_MAX, share_of

DARAJA, STRANGER = "196.201.214.200", "203.0.113.7"


def report(shop: HeldShop, peer: str = STRANGER, **changed: object) -> Verdict:
    body = encode(c2b(**{"BusinessShortCode": shop.profile.shortcode, **changed}))
    return shop.receive(OpenDelivery("c2b-confirmation", body, peer))


def kept(shop: HeldShop) -> int:
    return int(str(shop.ledger.rows("SELECT count(*) FROM callbacks")[0][0]))


def test_from_an_address_of_darajas_it_is_held_and_doctor_says_what_to_do(shop: HeldShop) -> None:
    assert report(shop, DARAJA).status == 200
    assert shop.ledger.find(RECEIPT) is None
    assert shop.mpesa("reconcile").status == 7
    found = json.loads(shop.mpesa("doctor", "--json").stdout)["checks"]
    (open_,) = [each for each in found if each["check"] == "held-open"]
    assert (open_["verdict"], open_["mend"]) == ("fail", "mpesa c2b-register")
    assert open_["words"] == "Payments are reported to an address without secret."
    assert "stays held" in shop.mpesa("held", "read-again", "--apply").stdout
    assert shop.ledger.find(RECEIPT) is None


def test_from_elsewhere_reconcile_is_silent_and_the_receipt_is_found(shop: HeldShop) -> None:
    assert report(shop).status == 200
    done = shop.mpesa("reconcile")
    assert (done.status, done.stdout) == (0, "")
    for command, status in (("status", 2), ("verify", 3)):
        said = shop.mpesa(command, RECEIPT)
        assert said.status == status
        told = " ".join((said.stdout + said.stderr).split())
        assert "Somebody without our secret reported KES 500" in told
        assert "Nothing was charged" not in told
    error = json.loads(shop.mpesa("status", RECEIPT, "--json").stdout)["error"]
    assert (error["code"], error["money_moved"]) == ("reported-only", "unknown")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"BusinessShortCode": "999999"}, 400),
        ({"TransAmount": "x"}, 400),
        ({"TransID": None}, 400),
        ({"FirstName": "x" * BODY_MAX_BYTES}, 413),
    ],
)
@pytest.mark.parametrize("peer", [DARAJA, STRANGER])
def test_what_is_no_small_payment_to_us_is_counted_and_not_kept(
    shop: HeldShop, changed: dict[str, object], status: int, peer: str
) -> None:
    assert report(shop, peer, **changed).status == status
    assert kept(shop) == 0
    assert Held(shop.ledger).waiting() == []


def test_one_address_has_its_share_and_the_others_have_theirs(shop: HeldShop) -> None:
    with shop.ledger.write() as tx:
        for number in range(SHARE_MAX):
            shop.ledger._connection().execute(
                "INSERT INTO stranger_reports VALUES (?,?,?,?,?)",
                (f"CB-{number}", shop.clock.now_us(), STRANGER, "UKO4Q7X00X", 100),
            )
        del tx
    assert report(shop).status == 429
    assert report(shop, "203.0.113.8").status == 200
    assert report(shop, "127.0.0.1", TransID="UKO4Q7X82C").status == 200


def test_no_more_than_all_that_is_kept_is_kept_and_daraja_is_no_part_of_it(shop: HeldShop) -> None:
    with shop.ledger.write():
        shop.ledger._connection().executemany(
            "INSERT INTO stranger_reports VALUES (?,?,?,?,?)",
            [(f"CB-{n}", shop.clock.now_us(), f"{n}", "UKO4Q7X00X", 100) for n in range(KEPT_MAX)],
        )
    assert report(shop).status == 429
    assert report(shop, DARAJA).status == 200
    assert len(Held(shop.ledger).waiting()) == 1


@pytest.mark.parametrize("covered", [False, True])
def test_a_report_goes_after_a_month_once_a_statement_covers_its_time(shop: HeldShop, covered: bool) -> None:
    report(shop)
    came_us = shop.clock.now_us()
    if covered:
        with shop.ledger.write():
            shop.ledger._connection().execute(
                "INSERT INTO statements (statement_id, source, name, sha256, from_us, until_us, read_us, shortcode, "
                "complete) VALUES ('S', 'statement', 's', '', ?, ?, 0, '1', 1)", (came_us - 1, came_us + 1),
            )
    shop.clock.advance(31 * 86_400)
    report(shop, TransID="UKO4Q7X82C")
    assert [len(Strangers(shop.ledger).reports(each)) for each in (RECEIPT, "UKO4Q7X82C")] == [int(not covered), 1]
    assert kept(shop) == 2 - covered


def test_a_nearly_full_disk_refuses_strangers_and_not_what_has_our_secret(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(shop.ledger.engine), "free_bytes", lambda _self: 512 << 20)
    assert report(shop).status == 503
    assert shop.confirm().status == 200
    shop.ledger.check_space()  # a push may go out


@pytest.mark.parametrize(
    ("address", "share"),
    [
        ("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "2001:db8::/64"), ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"), ("unix", "unix"),
    ],
)
def test_a_network_of_one_machine_is_one_share(address: str, share: str) -> None:
    assert share_of(address) == share


def test_what_an_older_version_kept_is_found_by_its_receipt(home: Path, shop: HeldShop) -> None:
    from mpesa_cli.ledger.schema.strangers import m009_strangers

    with shop.ledger.write() as tx:
        BodyWrites(tx).store_body("open-c2b-confirmation", encode(c2b()), STRANGER, shop.clock.now_us())
        m009_strangers(shop.ledger._connection())
    assert [each.amount_cents for each in Strangers(shop.ledger).reports(RECEIPT)] == [50_000]
