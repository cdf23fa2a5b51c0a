"""`mpesa qr`: M-PESA's picture, kept, or drawn anew."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.daraja.questions.dynamic_qr import read_qr
from mpesa_cli.floor.errors import RequestRefused, Temporary
from mpesa_cli.receipts.qr_picture import as_svg, as_text, modules_of

PAYLOADS = Path(__file__).parent.parent / "payloads"


def test_the_picture_is_kept_as_it_came_and_drawn_the_same(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    png, svg = tmp_path / "code.png", tmp_path / "code.svg"
    assert mpesa("qr", "1500", "--order", "1042", "-o", str(png)).stdout == f"{png}\n"
    assert mpesa("qr", "1500", "--order", "1042", "-o", str(svg)).status == 0
    modules = modules_of(png.read_bytes())
    assert modules is not None
    assert svg.read_text() == as_svg(modules, "M-PESA, KES 1,500")
    drawn = mpesa("qr", "1500", "--order", "1042")
    assert drawn.stdout.splitlines() == as_text(modules)
    assert "KES 1,500 to paybill 174379" in drawn.stderr
    assert mpesa("qr", "1500", "-o", str(png)).status == 9


def test_json_holds_the_picture_and_what_it_says(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    said = json.loads(mpesa("qr", "20", "--json").stdout)
    assert base64.b64decode(said.pop("png")).startswith(b"\x89PNG")
    assert said == {"environment": "simulator", "amount": 20, "number": "174379", "reference": "174379", "file": None}
    kept = json.loads(mpesa("qr", "20", "--json", "-o", str(tmp_path / "a.png")).stdout)
    assert (kept["png"], kept["file"]) == (None, str(tmp_path / "a.png"))


@pytest.mark.parametrize("argv", [["0"], ["1.5"], ["abc"], ["10", "-o", "code.pdf"], ["10", "-o", "code"]])
def test_what_makes_no_sense_is_not_asked_for(mpesa: Callable[..., Any], argv: list[str]) -> None:
    assert mpesa("qr", *argv).status == 2


def test_a_till_is_asked_for_as_a_till(mpesa: Callable[..., Any]) -> None:
    till = {"MPESA_ENVIRONMENT": "simulator", "MPESA_KIND": "till", "MPESA_TILL": "300584", "MPESA_SHORTCODE": "174379"}
    assert json.loads(mpesa("qr", "20", "--json", env=till).stdout)["number"] == "300584"


def test_a_code_that_can_not_be_had_says_what_to_do(mpesa: Callable[..., Any]) -> None:
    done = mpesa("qr", "20", env={"MPESA_SHOP_NAME": "unavailable"})
    assert done.status == 5
    assert "mpesa: Daraja made no QR code." in done.stderr
    assert "same command again" in done.stderr


@pytest.mark.parametrize("name", ["dynamicqr.response.ok", "dynamicqr.response.ok.code-00"])
def test_the_presence_of_a_picture_decides_whatever_the_code(name: str) -> None:
    assert read_qr(200, (PAYLOADS / f"{name}.json").read_bytes()).startswith(b"\x89PNG")


@pytest.mark.parametrize(("status", "body", "error"), [
    (200, b'{"ResponseCode": "00"}', Temporary), (200, b'{"QRCode": 5}', Temporary),
    (200, b'{"QRCode": "not base64!"}', Temporary), (200, b'{"QRCode": "R0lGODlh"}', Temporary),
    (200, b"<html>", Temporary), (503, b"<html>", Temporary), (500, b'{"errorCode": "500.001.1001"}', Temporary),
    (400, b'{"requestId": "1", "errorCode": "400.002.02", "errorMessage": "Bad Request - Invalid CPI"}',
     RequestRefused),
    (429, b'{"requestId": "1", "errorCode": "429", "errorMessage": "Too many"}', Temporary),
])
def test_without_a_picture_there_is_an_error(status: int, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_qr(status, body)
