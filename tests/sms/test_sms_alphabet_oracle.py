"""The GSM-7 alphabet held against the codec that others keep: gsm0338."""

import gsm0338
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.sms.text import is_gsm7, sms_length

CODEC = gsm0338.Codec()


def units(text: str) -> int | None:
    """How many units the codec writes, None where it can't."""
    try:
        return len(CODEC.encode(text)[0])
    except UnicodeError:
        return None


def test_every_character_of_the_basic_plane_is_counted_as_the_codec_writes_it() -> None:
    every = [chr(point) for point in range(0x10000) if not 0xD800 <= point < 0xE000 and point != 0x1B]
    ours = {each: sms_length(each).units for each in every if is_gsm7(each)}
    theirs = {each: count for each in every if (count := units(each)) is not None}
    assert {each: ours.get(each) for each in every if ours.get(each) != theirs.get(each)} == {}


@given(st.text("@£$¥èéΔ_^{}[~]|€abcXYZ 09\n", max_size=400))
def test_a_text_is_counted_as_the_codec_writes_it(text: str) -> None:
    assert sms_length(text).units == units(text)
