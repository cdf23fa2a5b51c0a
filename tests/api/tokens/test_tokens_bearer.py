"""The token comes in one header and in no other way, and a refusal answers as RFC 6750 says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from token_parts import Desk, forged, hs256, refusal

from mpesa_cli.api.tokens.bearer import bearer_text
from mpesa_cli.api.tokens.refusal import TokenRefused, not_genuine

CALLBACK_SECRET = "c4a9a71f0b2d4e6f8091a2b3c4d5e6f7"


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc", " Bearer abc ", "Bearer abc\t"])
def test_the_scheme_is_taken_in_any_letters(header: str) -> None:
    assert bearer_text([header]) == "abc"


@pytest.mark.parametrize("headers", [[], [""], ["Basic YTpi"], ["abc"], ["Bearerabc"], ["Token abc"], ["DPoP abc"]])
def test_who_shows_no_bearer_token_is_asked_for_one_without_an_error_word(headers: list[str]) -> None:
    with pytest.raises(TokenRefused) as refused:
        bearer_text(headers)
    assert (refused.value.http_status, refused.value.code) == (401, "token-missing")
    assert refused.value.challenge == 'Bearer realm="mpesa"'


@pytest.mark.parametrize(
    "headers", [["Bearer"], ["Bearer "], ["Bearer a b"], ["Bearer a\tb"], ["Bearer a", "Bearer b"], ["Bearer a"] * 2]
)
def test_what_holds_not_exactly_one_token_is_a_bad_request(headers: list[str]) -> None:
    with pytest.raises(TokenRefused) as refused:
        bearer_text(headers)
    assert (refused.value.http_status, refused.value.error) == (400, "invalid_request")


def test_a_challenge_can_be_read_by_every_client() -> None:
    assert not_genuine().challenge == (
        'Bearer realm="mpesa", error="invalid_token", error_description="The token is not valid."'
    )


@given(st.lists(st.text(), max_size=3))
def test_no_header_breaks_the_reader_in_another_way(headers: list[str]) -> None:
    try:
        said = bearer_text(headers)
    except TokenRefused as refused:
        said = refused.challenge
    assert said in "".join(headers) or re.fullmatch(r"[\x20-\x7e]+", said)


@pytest.mark.parametrize("text", [CALLBACK_SECRET, f"hooks/stk/{CALLBACK_SECRET}", f"{CALLBACK_SECRET}." * 2 + "a"])
def test_a_callback_secret_is_no_token(desk: Desk, text: str) -> None:
    assert refusal(desk.checker(), text).code == "token-refused"


def test_a_token_signed_with_a_callback_secret_is_no_token(desk: Desk) -> None:
    desk.environ["MPESA_C2B_SECRET"] = CALLBACK_SECRET
    for secret in (CALLBACK_SECRET, bytes.fromhex(CALLBACK_SECRET)):
        text = forged({"alg": "HS256", "typ": "at+jwt"}, desk.claims(), hs256(secret))
        assert refusal(desk.checker(), text).code == "token-refused"


def test_a_token_opens_no_callback_path(desk: Desk) -> None:
    from mpesa_cli.listener.server.routes import address_of

    made = desk.issued()
    for secret in (made["token"], made["jti"], made["token"].rpartition(".")[2]):
        assert address_of(f"/hooks/stk/{secret}") is None
