"""A genuine token counts for us, from whom we trust, in its time, and for what it says."""

import json
from typing import Any

import pytest
from token_parts import BOTH, OUR_HEADER, SECRET, Desk, as_json, forged, hs256, refusal, rs256, rsa_key

from mpesa_cli.api.tokens.refusal import TokenRefused

LEEWAY_S = 30
HEADER = {"alg": "RS256", "typ": "JWT"}


def shown(desk: Desk, claims: object) -> TokenRefused:
    """What an outside issuer's genuine token with these claims meets."""
    return refusal(desk.checker(), forged(HEADER, claims, rs256(rsa_key())))


def taken(desk: Desk, claims: object) -> Any:
    return desk.checker()(forged(HEADER, claims, rs256(rsa_key())))


@pytest.fixture
def issuer(desk: Desk) -> Desk:
    """A profile that takes an outside issuer's tokens: there, any claims can be genuine."""
    desk.outside(rsa_key())
    return desk


@pytest.mark.parametrize("missing", ["exp", "jti", "aud", "iss", "scope"])
def test_a_token_without_a_required_claim_is_refused(issuer: Desk, missing: str) -> None:
    refused = shown(issuer, issuer.claims(**{missing: None}))
    assert refused.code in {"token-incomplete", "token-for-another"}
    assert (refused.error, refused.http_status) == ("invalid_token", 401)


@pytest.mark.parametrize("left_out", ["iat", "nbf", "sub"])
def test_what_an_issuer_may_leave_out_may_be_missing(issuer: Desk, left_out: str) -> None:
    bearer = taken(issuer, issuer.claims(**{left_out: None}))
    assert bearer.subject == ("id-1" if left_out == "sub" else "shop")


def test_a_token_lives_to_its_end_and_no_longer_than_clocks_may_differ(issuer: Desk) -> None:
    text = forged(HEADER, issuer.claims(exp=issuer.clock.now // 1_000_000 + 100), rs256(rsa_key()))
    check = issuer.checker()
    issuer.clock.advance(100 + LEEWAY_S - 1)
    assert check(text).name == "shop"
    issuer.clock.advance(1)
    assert refusal(check, text).code == "token-expired"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_begins_when_it_says_give_or_take_the_clocks(issuer: Desk, claim: str) -> None:
    later = issuer.clock.now // 1_000_000 + 100
    text = forged(HEADER, issuer.claims(**{claim: later}), rs256(rsa_key()))
    check = issuer.checker()
    issuer.clock.advance(100 - LEEWAY_S - 1)
    assert refusal(check, text).code == "token-not-yet-valid"
    issuer.clock.advance(1)
    assert check(text).name == "shop"


def test_times_with_a_fraction_are_times(issuer: Desk) -> None:
    now_s = issuer.clock.now // 1_000_000
    claims = as_json(issuer.claims())[:-1] + f',"nbf2":0.5,"auth_time":{now_s}.25}}'.encode()
    claims = claims.replace(f'"exp":{now_s + 86_400}'.encode(), f'"exp":{now_s + 86_400}.5'.encode())
    assert taken(issuer, claims).expires_us == (now_s + 86_400) * 1_000_000 + 500_000


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", ["1795600000", "", [1795600000], {}, True, False, -1, -1.5, 253_402_300_800, 10**19, 1e30]
)
def test_a_time_that_is_no_time_is_refused(issuer: Desk, claim: str, value: object) -> None:
    assert shown(issuer, issuer.claims(**{claim: value})).code == "token-incomplete"


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat", "jti", "scope", "sub"])
def test_null_is_not_left_out(issuer: Desk, claim: str) -> None:
    claims = as_json({**issuer.claims(), claim: None})
    assert shown(issuer, claims).code == "token-incomplete"


@pytest.mark.parametrize(
    "other",
    ["", "i", "issue", "issuer ", " issuer", "Issuer", "issuerx", "issuer\u200b", "mpesa-cli/simulator", ["issuer"],
     {"issuer": 1}, 1, True],
)
def test_another_issuer_is_refused_also_one_that_looks_nearly_the_same(issuer: Desk, other: object) -> None:
    """CVE-2024-53861: an issuer that was part of the right one was taken."""
    assert shown(issuer, issuer.claims(iss=other)).code == "token-for-another"


@pytest.mark.parametrize(
    "other",
    ["", "mpes", "mpesa ", "MPESA", "mpesa-cli", [], ["other"], [["mpesa"]], {"mpesa": 1}, 1, [None], "mpesa mpesa"],
)
def test_a_token_for_another_audience_is_refused(issuer: Desk, other: object) -> None:
    assert shown(issuer, issuer.claims(aud=other)).code == "token-for-another"


@pytest.mark.parametrize("right", ["mpesa", ["mpesa"], ["other", "mpesa"]])
def test_one_right_audience_among_several_is_enough(issuer: Desk, right: object) -> None:
    assert taken(issuer, issuer.claims(aud=right)).jti == "id-1"


@pytest.mark.parametrize("jti", ["", "a" * 256, "a\nb", "a\x00b", 7, ["x"], {}])
def test_an_id_that_can_not_be_revoked_by_hand_is_refused(issuer: Desk, jti: object) -> None:
    assert shown(issuer, issuer.claims(jti=jti)).code == "token-incomplete"


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("payments:read", {"payments:read"}),
        ("payments:write payments:read", set(BOTH)),
        ("openid payments:read profile", {"payments:read"}),
        ("", set()), ("payments", set()), ("payments:", set()), ("payments:*", set()), ("*", set()),
        ("PAYMENTS:WRITE", set()), ("payments:write\tpayments:read", set()), ("payments:write,payments:read", set()),
        ("payments:readpayments:write", set()), ("payments:write\u00a0", set()), ("payments:write\n", set()),
    ],
)
def test_a_scope_counts_only_where_it_is_spelt_whole(issuer: Desk, scope: str, allowed: set[str]) -> None:
    bearer = taken(issuer, issuer.claims(scope=scope))
    assert bearer.scopes == allowed
    for wanted in BOTH:
        if wanted in allowed:
            bearer.require(wanted)
            continue
        with pytest.raises(TokenRefused) as refused:
            bearer.require(wanted)
        assert (refused.value.http_status, refused.value.error) == (403, "insufficient_scope")
        assert refused.value.challenge.endswith(f'scope="{wanted}"')


@pytest.mark.parametrize("scope", [["payments:read"], {"payments:read": True}, True, 1])
def test_scopes_that_are_no_text_are_refused(issuer: Desk, scope: object) -> None:
    assert shown(issuer, issuer.claims(scope=scope)).code == "token-incomplete"


def test_reading_never_allows_asking_for_money(desk: Desk) -> None:
    bearer = desk.checker()(desk.token("payments:read"))
    with pytest.raises(TokenRefused, match="does not allow payments:write"):
        bearer.require("payments:write")


def test_asking_for_money_does_not_allow_reading(desk: Desk) -> None:
    bearer = desk.checker()(desk.token("payments:write"))
    with pytest.raises(TokenRefused, match="does not allow payments:read"):
        bearer.require("payments:read")


def test_a_token_of_another_profile_is_refused_though_the_secret_is_the_same(desk: Desk) -> None:
    config = desk.home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[profile.one]\nenvironment = "simulator"\n[profile.two]\nenvironment = "simulator"\n')
    made = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop", "-P", "one", "-q")
    assert made.status == 0, made
    text = made.stdout.strip()
    assert desk.checker({"MPESA_PROFILE": "one"})(text).name == "shop"
    assert refusal(desk.checker({"MPESA_PROFILE": "two"}), text).code == "token-for-another"
    same_issuer = {"MPESA_PROFILE": "two", "MPESA_API_ISSUER": "mpesa-cli/one"}
    assert refusal(desk.checker(same_issuer), text).code == "token-revoked", "its ledger never made it"


def test_a_token_signed_with_the_secret_but_never_issued_is_refused(desk: Desk) -> None:
    assert refusal(desk.checker(), forged(OUR_HEADER, desk.claims(), hs256(SECRET))).code == "token-revoked"


def test_nothing_of_a_bearer_changes_by_showing_the_token_again(desk: Desk) -> None:
    text, check = desk.token(), desk.checker()
    assert len({check(text) for _ in range(50)}) == 1


def test_the_token_that_replaces_another_is_the_same_caller(desk: Desk) -> None:
    first, second = (desk.checker()(desk.token()) for _ in range(2))
    assert first.subject == second.subject == "shop"
    assert first.jti != second.jti


def test_a_refusal_is_a_document_like_any_error(issuer: Desk) -> None:
    refused = shown(issuer, issuer.claims(aud="other"))
    assert refused.money_moved is None  # what the call asked for says it: "no" where it asks for money
    assert refused.exit_status == 4
    assert "mpesa token list" in refused.hint
    json.dumps([refused.code, refused.message, refused.hint])
