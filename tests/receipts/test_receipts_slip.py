"""A slip to pay by: only for what is surely not paid, with M-PESA's code where there is one; and never a receipt."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.receipts.escpos import escpos_sheet
from mpesa_cli.receipts.pdf import pdf_sheet
from mpesa_cli.receipts.qr_picture import as_text, modules_of
from mpesa_cli.receipts.receipt import Shop
from mpesa_cli.receipts.sheet import Code
from mpesa_cli.receipts.slip import Slip, slip_sheet

Mpesa = Callable[..., Any]
PAYS, CANCELS, NO_CALLBACK = "254708374149", "254700001032", "254722200003"
START_US = 1_795_505_400_000_000


def slip(mpesa: Mpesa, order: str, *more: str, **options: Any) -> Any:
    return mpesa("receipt", order, "--to-pay", *more, **options)


def refusal(done: Any) -> tuple[int, str, str]:
    error = json.loads(done.stdout)["error"]
    return done.status, error["code"], error["money_moved"]


def test_an_order_that_nobody_was_asked_for_has_a_slip_and_no_receipt(mpesa: Mpesa, tmp_path: Path) -> None:
    mpesa("order", "add", "1042", "1500")
    shown = slip(mpesa, "1042").stdout
    for words in ("TO PAY", "KES 1,500", "174379", "1042", "Not paid yet. This is no receipt.", "SIMULATOR"):
        assert words in shown
    assert not re.search(r"\bRECEIPT\b", shown)
    assert "YA KULIPA" in slip(mpesa, "1042", "--language", "sw").stdout
    document = json.loads(slip(mpesa, "1042", "--json").stdout)
    modules = modules_of(base64.b64decode(document.pop("png")))
    assert modules
    assert document == {
        "order_id": "1042", "environment": "simulator", "shop_name": "Demo Shop", "kind": "paybill", "number": "174379",
        "account": "1042", "amount": 1500, "made_at": "2026-11-24T10:30:00+03:00",
    }
    page = tmp_path / "slip.html"
    assert slip(mpesa, "1042", "-o", str(page)).status == 0
    assert "<title>TO PAY 1042</title>" in page.read_text()
    assert 'aria-label="Scan it with the M-PESA app to pay"' in page.read_text()
    drawn = slip(mpesa, "1042", tty=True).stdout
    assert "\n".join(as_text(modules)) in drawn
    assert refusal(mpesa("receipt", "1042", "--json"))[0] == 2, "and no receipt"


def test_who_pays_by_the_slip_pays_that_order_and_then_there_is_none(mpesa: Mpesa, clock: Any) -> None:
    mpesa("order", "add", "1042", "1500")
    mpesa("c2b-register")
    account = json.loads(slip(mpesa, "1042", "--json").stdout)["account"]
    assert mpesa("c2b-simulate", PAYS, "1500", "--account", account).status == 0
    for _ in range(3):  # M-PESA asks first whether the money is wanted
        clock.advance(30)
        mpesa("reconcile")
    assert refusal(slip(mpesa, "1042", "--json")) == (9, "not-to-pay", "yes")
    assert mpesa("receipt", "1042").status == 0


@pytest.mark.parametrize(("phone", "options", "expected"), [
    (PAYS, (), (9, "not-to-pay", "yes")), (PAYS, ("--no-wait",), (9, "not-to-pay", "unknown")),
    (NO_CALLBACK, ("--timeout", "5"), (9, "not-to-pay", "unknown")),
])
def test_what_is_paid_or_may_be_is_never_asked_for_by_a_slip(
    mpesa: Mpesa, phone: str, options: tuple[str, ...], expected: tuple[int, str, str]
) -> None:
    mpesa("push", phone, "150", "--order", "1042", *options)
    assert refusal(slip(mpesa, "1042", "--json")) == expected


def test_an_order_whose_prompt_was_surely_declined_has_one(mpesa: Mpesa) -> None:
    assert mpesa("push", CANCELS, "150", "--order", "1042").status == 3
    assert "TO PAY" in slip(mpesa, "1042").stdout


def test_an_order_that_nobody_knows_has_none(mpesa: Mpesa) -> None:
    assert slip(mpesa, "1042").status == 2


def test_where_m_pesa_makes_no_code_the_slip_says_what_to_type(mpesa: Mpesa, tmp_path: Path) -> None:
    mpesa("order", "add", "1042", "1500")
    page = tmp_path / "slip.html"
    done = slip(mpesa, "1042", "-o", str(page), env={"MPESA_SHOP_NAME": "unavailable"})
    assert (done.status, "The slip has no QR code." in done.stderr) == (0, True)
    assert "<svg" not in page.read_text()
    assert json.loads(slip(mpesa, "1042", "--json", env={"MPESA_SHOP_NAME": "unavailable"}).stdout)["png"] is None


def test_a_till_asks_for_no_account(mpesa: Mpesa) -> None:
    till = {"MPESA_ENVIRONMENT": "simulator", "MPESA_KIND": "till", "MPESA_TILL": "300584", "MPESA_SHORTCODE": "174379"}
    mpesa("order", "add", "1042", "1500", env=till)
    said = json.loads(slip(mpesa, "1042", "--json", env=till).stdout)
    assert (said["kind"], said["number"], said["account"]) == ("till", "300584", None)


@pytest.mark.parametrize("other", [["--sms"], ["--copy"], ["--sms", "--to", PAYS]])
def test_a_slip_is_no_copy_and_no_message(mpesa: Mpesa, other: list[str]) -> None:
    assert slip(mpesa, "1042", *other).status == 2


def test_a_printer_that_is_not_there_does_not_say_that_it_is_paid(mpesa: Mpesa) -> None:
    mpesa("order", "add", "1042", "1500")
    done = slip(mpesa, "1042", "--printer", "tcp://127.0.0.1:9")
    assert done.status == 5
    assert "did not take the slip" in done.stderr
    assert "Nobody was asked for money." in done.stderr
    assert ("is paid" in done.stderr, "come in" in done.stderr) == (False, False)
    assert refusal(slip(mpesa, "1042", "--printer", "tcp://127.0.0.1:9", "--json"))[2] == "no"


def test_printers_and_pdf_readers_see_the_code_as_it_came(mpesa: Mpesa) -> None:
    import pypdf

    mpesa("order", "add", "1042", "1500")
    modules = modules_of(base64.b64decode(json.loads(slip(mpesa, "1042", "--json").stdout)["png"]))
    assert modules
    shop = Shop("Duka", "paybill", "247247", frozenset({"247247"}))
    sheet = slip_sheet(Slip(shop, "1042", "INV-1042", 150_000, "production", START_US), Code(modules=modules), "en")
    printed = escpos_sheet(sheet, "58")
    head = printed.index(b"\x1dv0\x00")
    row_bytes, side = (int.from_bytes(printed[head + at : head + at + 2], "little") for at in (4, 6))
    bits = printed[head + 8 : head + 8 + row_bytes * side]
    dots = side // (len(modules) + 8)

    def is_dark(x: int, y: int) -> bool:
        column, row = (x + 4) * dots + dots // 2, (y + 4) * dots + dots // 2
        return bool(bits[row * row_bytes + column // 8] >> (7 - column % 8) & 1)

    assert [[is_dark(x, y) for x in range(len(modules))] for y in range(len(modules))] == modules
    (page,) = pypdf.PdfReader(io.BytesIO(pdf_sheet(sheet, "80"))).pages
    assert "TO PAY" in page.extract_text()
    assert "INV-1042" in page.extract_text()
