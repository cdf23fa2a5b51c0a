"""The strict reader: one meaning or none, and never an exception."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa_cli.floor.wire.strict_json import MAX_BYTES, MAX_DEPTH, Unreadable, read_json


def reason(body: bytes) -> str:
    said = read_json(body)
    assert isinstance(said, Unreadable), said
    return said.reason


def test_plain_json_is_read_with_exact_numbers() -> None:
    assert read_json(b'{"a": [1, 1.10, "x", true, null]}') == {"a": [1, Decimal("1.10"), "x", True, None]}


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b"{} {}", "not-json"),
        (b'"a\x00b"', "not-json"),
        (b"\xff{}", "not-utf8"),
        (b'"\xed\xa0\x80"', "not-utf8"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not-json"),
        (b'{"ResultCode":1032,"ResultCode":0}', "duplicate-key"),
        (b'{"a":1,"\\u0061":2}', "duplicate-key"),
        (b"[NaN]", "not-a-number"),
        (b"[-Infinity]", "not-a-number"),
        (b"1" * 21, "absurd-number"),
        (b"-" + b"1" * 21, "absurd-number"),
        (b"1e999999999", "absurd-number"),
        (b"1.5e31", "absurd-number"),
        (b"0." + b"1" * 60, "absurd-number"),
        (b'"\\ud800"', "lone-surrogate"),
        (b'{"\\uDFFF":1}', "lone-surrogate"),
        (b"[" * 13 + b"]" * 13, "too-deep"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "too-deep"),
        (b"[" * 30_000, "too-deep"),
        (b" " * (MAX_BYTES + 1), "too-large"),
    ],
)
def test_what_has_no_one_meaning_is_refused_by_name(body: bytes, expected: str) -> None:
    assert reason(body) == expected


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_an_escaped_backslash_before_a_u_is_no_surrogate() -> None:
    assert read_json(b'"\\\\ud800"') == "\\ud800"


def test_the_limits_themselves_are_allowed() -> None:
    assert read_json(b"9" * 20) == int("9" * 20)
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    assert not isinstance(read_json(b'"' + b"x" * (MAX_BYTES - 2) + b'"'), Unreadable)


def test_brackets_inside_strings_are_not_depth() -> None:
    text = "[" * 40 + '\\"' + "{" * 40

    assert read_json(json.dumps([text]).encode()) == [text]


def test_a_string_that_never_closes_is_read_once_not_once_for_each_quote() -> None:
    """Megabytes, where 64 KiB are allowed: in quadratic time this test would not end."""
    brackets = b"[]" * 13
    for body in (brackets + b'"' + b'\\"' * 2_000_000, brackets + b'"\\' * 2_000_000, brackets + b'\\"' * 2_000_000):
        assert isinstance(read_json(body, max_bytes=1 << 23), Unreadable)


@given(st.binary(max_size=400))
@settings(max_examples=2000, deadline=None)
def test_no_bytes_raise(body: bytes) -> None:
    read_json(body)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
@settings(max_examples=500, deadline=None)
def test_it_agrees_with_json_loads_wherever_it_reads(value: object) -> None:
    body = json.dumps(value).encode()
    said = read_json(body)

    assert isinstance(said, Unreadable) or said == json.loads(body)
