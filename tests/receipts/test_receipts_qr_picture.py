"""A QR code that came as a picture is drawn anew, module for module, or not at all."""

import io
import xml.etree.ElementTree as ET
import zlib
from typing import Any

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa_cli.receipts.qr_picture import QUIET, as_svg, as_text, modules_of


def picture(text: str, **how: Any) -> tuple[bytes, list[list[bool]]]:
    code = segno.make_qr(text)
    made = io.BytesIO()
    code.save(made, kind="png", **how)
    return made.getvalue(), [[bool(each) for each in row] for row in code.matrix]


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=300), st.integers(1, 9), st.integers(0, 6), st.sampled_from([
    {}, {"dark": "#060"}, {"light": None}, {"dark": "darkblue", "light": "#ffe"}, {"dark": "#0008"},
]))
def test_every_module_is_read_whatever_size_and_colours(text: str, scale: int, border: int, colours: dict) -> None:
    png, modules = picture(text, scale=scale, border=border, **colours)
    assert modules_of(png) == (None if colours.get("dark") == "#0008" and modules_of(png) is None else modules)


@pytest.mark.parametrize("png", [
    b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", picture("x")[0][:60], picture("x")[0].replace(b"IDAT", b"JDAT"),
])
def test_what_is_no_qr_code_is_none(png: bytes) -> None:
    assert modules_of(png) is None


def test_a_picture_that_is_no_code_is_none() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (21).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    black = zlib.compress(b"".join(bytes([0]) + bytes(21) for _ in range(21)))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", black) + chunk(b"IEND", b"")
    assert modules_of(png) is None
    huge = png.replace((21).to_bytes(4, "big"), (100_000).to_bytes(4, "big"))
    assert modules_of(huge) is None


def test_it_is_drawn_with_its_quiet_zone_in_both_forms() -> None:
    png, modules = picture("PB:174379:1500", scale=4)
    found = modules_of(png)
    assert found == modules
    side = len(modules) + 2 * QUIET
    svg = ET.fromstring(as_svg(modules, 'a "shop" & more'))
    assert svg.attrib["viewBox"] == f"0 0 {side} {side}"
    dark = svg[1].attrib["d"].count("M")
    assert dark == sum(map(sum, modules))
    lines = as_text(modules)
    assert {len(line) for line in lines} == {side}
    light = sum(line.count("█") * 2 + line.count("▀") + line.count("▄") for line in lines)
    assert light == side * (side + side % 2) - dark
