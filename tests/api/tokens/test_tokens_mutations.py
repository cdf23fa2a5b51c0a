"""Of all texts, the one that was issued is taken and no other."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from token_parts import OUR_HEADER, SECRET, Desk, as_json, base64url, forged, hs256, rs256, rsa_key

from mpesa_cli.api.ports import token_rules
from mpesa_cli.api.tokens.checker import TokenChecker
from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.api.tokens.values import KnownToken

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Checked = tuple[Any, str]


@pytest.fixture(scope="module", params=["HS256", "RS256"])
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """A checker with one good token. Its ledger stands still, so that the lookup is a dictionary's."""
    from types import SimpleNamespace

    clock = SimpleNamespace(now=1_795_505_400_000_000, now_us=lambda: 1_795_505_400_000_000)
    desk = Desk(lambda *_, **__: None, tmp_path_factory.mktemp("home"), clock)
    if request.param == "RS256":
        desk.outside(rsa_key())
    claims = desk.claims()
    sign = hs256(SECRET) if request.param == "HS256" else rs256(rsa_key())
    text = forged(OUR_HEADER if request.param == "HS256" else {"alg": "RS256"}, claims, sign)
    runtime = desk.runtime()
    known = KnownToken(
        "id-1", "shop", frozenset(str(claims["scope"]).split()), clock.now, int(str(claims["exp"])) * 1_000_000
    )
    from mpesa_cli.floor.wire.strict_json import parse_json

    yield TokenChecker(
        token_rules(runtime, runtime.profile()), read_json=parse_json,
        known=lambda jti: known if jti == "id-1" else None, world=runtime.world,
    ), text
    desk.close()


def taken(check: Any, text: str) -> bool:
    try:
        check(text)
    except TokenRefused:
        return False
    return True


def test_the_one_that_was_issued_is_taken(checked: Checked) -> None:
    assert taken(*checked)


@QUICK
@given(data=st.data())
def test_no_changed_character_is_overlooked(checked: Checked, data: st.DataObject) -> None:
    check, text = checked
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    assert taken(check, other) == (other == text)


@QUICK
@given(data=st.data())
def test_nothing_can_be_cut_out_put_in_or_moved(checked: Checked, data: st.DataObject) -> None:
    check, text = checked
    begin, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    piece = data.draw(st.one_of(st.just(""), st.text(max_size=8), st.just(text[begin:end] * 2)))
    other = text[:begin] + piece + text[end:]
    assert taken(check, other) == (other == text)


@QUICK
@given(data=st.data())
def test_no_bit_of_any_part_can_be_turned(checked: Checked, data: st.DataObject) -> None:
    check, text = checked
    parts = [bytearray(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in text.split(".")]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not taken(check, ".".join(base64url(bytes(raw)) for raw in parts))


@QUICK
@given(st.text())
def test_no_text_at_all_is_taken_or_breaks_the_checker(checked: Checked, text: str) -> None:
    assert not taken(checked[0], text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["exp", "nbf", "iat", "jti", "iss", "aud", "sub", "scope"]) | st.text(max_size=5)


@QUICK
@given(changes=st.dictionaries(NAMES, JSON, max_size=4))
def test_claims_of_any_kind_are_read_or_refused_and_never_crash(checked: Checked, changes: dict[str, Any]) -> None:
    """Signed with the right key: an issuer's mistakes reach the reader of claims."""
    check, text = checked
    claims = base64.urlsafe_b64decode(text.split(".")[1] + "==")
    from json import loads

    right = loads(claims)
    hmac_signed = "at+jwt" in base64.urlsafe_b64decode(text.split(".")[0] + "==").decode()
    header, sign = (OUR_HEADER, hs256(SECRET)) if hmac_signed else ({"alg": "RS256"}, rs256(rsa_key()))
    bound = ("jti", "iss", "aud", "exp") if hmac_signed else ("iss",)
    if taken(check, forged(header, as_json({**right, **changes}), sign)):
        assert all(changes.get(name, right[name]) in (right[name], [right[name]]) for name in bound)


@QUICK
@given(header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "x5t"]), JSON, max_size=4))
def test_headers_of_any_kind_are_read_or_refused_and_never_crash(checked: Checked, header: dict[str, Any]) -> None:
    check, text = checked
    assert not taken(check, f"{base64url(as_json(header))}.{text.partition('.')[2]}")
