"""Forged tokens of every known kind are refused, and all in the same words."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from token_parts import (
    BOTH,
    OUR_HEADER,
    SECRET,
    Desk,
    as_json,
    base64url,
    ec_key,
    es256,
    forged,
    hs256,
    jwk,
    pem,
    refusal,
    rs256,
    rsa_key,
)

Forge = Callable[[Desk, dict[str, Any]], str]


def genuine_claims(desk: Desk) -> dict[str, Any]:
    """The claims of a token that was really issued: whatever is forged from them is known to the ledger."""
    claims: dict[str, Any] = jwt.decode(desk.token("payments:read"), options={"verify_signature": False})
    return claims


def not_genuine(desk: Desk, text: str) -> None:
    refused = refusal(desk.checker(), text)
    assert (refused.code, refused.message) == ("token-refused", "The token is not valid.")
    assert (refused.error, refused.http_status) == ("invalid_token", 401)


def unsigned(alg: str) -> Forge:
    return lambda desk, claims: forged({"alg": alg, "typ": "at+jwt"}, claims, lambda _: b"").rstrip(".") + "."


def with_header(**members: object) -> Forge:
    """Signed with the right secret: only the header makes it wrong."""
    return lambda desk, claims: forged({**OUR_HEADER, **members}, claims, hs256(SECRET))


def signed(algorithm: str, digest: str) -> Forge:
    return lambda desk, claims: forged(
        {**OUR_HEADER, "alg": algorithm}, claims, lambda content: hmac.digest(SECRET.encode(), content, digest)
    )


FORGERIES: dict[str, Forge] = {
    # Without a signature, in every spelling that some reader took for "none".
    **{f"alg {alg}": unsigned(alg) for alg in ("none", "None", "NONE", "nOnE", "", " none", "none\x00")},
    "no alg": lambda desk, claims: forged({"typ": "at+jwt"}, claims, hs256(SECRET)),
    "no header members": lambda desk, claims: forged({}, claims, hs256(SECRET)),
    "an empty signature": lambda desk, claims: forged(OUR_HEADER, claims, lambda _: b""),
    "the signature left out": lambda desk, claims: forged(OUR_HEADER, claims, hs256(SECRET)).rpartition(".")[0],
    "half the signature": lambda desk, claims: forged(OUR_HEADER, claims, lambda c: hs256(SECRET)(c)[:16]),
    "the signature twice": lambda desk, claims: forged(OUR_HEADER, claims, lambda c: hs256(SECRET)(c) * 2),
    "another secret": lambda desk, claims: forged(OUR_HEADER, claims, hs256("b" * 48)),
    "an empty secret": lambda desk, claims: forged(OUR_HEADER, claims, hs256("")),
    "one zero byte as secret": lambda desk, claims: forged(OUR_HEADER, claims, hs256(b"\0")),
    "the secret's first half": lambda desk, claims: forged(OUR_HEADER, claims, hs256(SECRET[:19])),
    # Other algorithms of the same family with the right secret: the configuration says HS256.
    "HS384": signed("HS384", "sha384"),
    "HS512": signed("HS512", "sha512"),
    "HS256 in small letters": signed("hs256", "sha256"),
    "alg as a list": with_header(alg=["HS256"]),
    "alg as an object": with_header(alg={"HS256": 1}),
    "alg null": with_header(alg=None),
    # A key of the forger's own, carried or pointed at by the header.
    "jwk": lambda desk, claims: forged(
        {"alg": "RS256", "typ": "at+jwt", "jwk": jwk(rsa_key())}, claims, rs256(rsa_key())
    ),
    "jwk of a secret": with_header(jwk={"kty": "oct", "k": base64url(b"k" * 32)}),
    "jku": with_header(jku="http://127.0.0.1:1/keys.json"),
    "jku to a file": with_header(jku="file:///etc/passwd"),
    "x5u": with_header(x5u="http://127.0.0.1:1/cert.pem"),
    "x5c": with_header(x5c=["MIIB"]),
    "RS256 of a stranger": lambda desk, claims: forged({"alg": "RS256", "typ": "at+jwt"}, claims, rs256(rsa_key())),
    "ES256 of a stranger": lambda desk, claims: forged({"alg": "ES256", "typ": "at+jwt"}, claims, es256(ec_key())),
    "ES256 of zeros": lambda desk, claims: forged({"alg": "ES256", "typ": "at+jwt"}, claims, lambda _: bytes(64)),
    # Names of keys that mean something to a file system, a database or a shell. Our tokens name none.
    **{
        f"kid {kid!r}": with_header(kid=kid)
        for kid in ("", "1", "../../../../dev/null", "/dev/null", "' UNION SELECT 'x", "| id", "\x00", "a" * 4000)
    },
    "kid as a number": with_header(kid=1),
    "kid null": with_header(kid=None),
    "kid as a list": with_header(kid=["1"]),
    # What changes how the rest is read. CVE-2026-32597: PyJWT before 2.12 passed over crit.
    "crit unknown": with_header(crit=["x-policy"], **{"x-policy": "mfa"}),
    "crit b64": with_header(crit=["b64"], b64=True),
    "crit empty": with_header(crit=[]),
    "b64 true": with_header(b64=True),
    "b64 false": with_header(b64=False),
    "b64 false and critical": with_header(b64=False, crit=["b64"]),
    "zip": with_header(zip="DEF"),
    "enc": with_header(enc="A256GCM"),
    "cty of a token in a token": with_header(cty="JWT"),
    "a member nobody knows": with_header(hello="world"),
    # The secret used for something else: no other type of token, and none without.
    "typ JWT": with_header(typ="JWT"),
    "typ of an ID token": with_header(typ="id+jwt"),
    "typ of a logout token": with_header(typ="logout+jwt"),
    "typ of a DPoP proof": with_header(typ="dpop+jwt"),
    "typ empty": with_header(typ=""),
    "typ null": with_header(typ=None),
    "typ as a list": with_header(typ=["at+jwt"]),
    "no typ": lambda desk, claims: forged({"alg": "HS256"}, claims, hs256(SECRET)),
    # Two meanings in one text.
    "alg twice": lambda desk, claims: forged(b'{"alg":"HS256","alg":"none","typ":"at+jwt"}', claims, hs256(SECRET)),
    "alg twice by an escape": lambda desk, claims: forged(
        b'{"\\u0061lg":"none","alg":"HS256","typ":"at+jwt"}', claims, hs256(SECRET)
    ),
    "a claim twice": lambda desk, claims: forged(
        OUR_HEADER, as_json(claims)[:-1] + b',"scope":"payments:read payments:write"}', hs256(SECRET)
    ),
    "exp twice": lambda desk, claims: forged(OUR_HEADER, b'{"exp":9999999999,' + as_json(claims)[1:], hs256(SECRET)),
    "NaN": lambda desk, claims: forged(OUR_HEADER, as_json({**claims, "exp": float("nan")}), hs256(SECRET)),
    "Infinity": lambda desk, claims: forged(OUR_HEADER, as_json({**claims, "exp": float("inf")}), hs256(SECRET)),
    "a number without end": lambda desk, claims: forged(
        OUR_HEADER, as_json(claims)[:-1] + b',"nbf2":1' + b"0" * 400 + b"}", hs256(SECRET)
    ),
    "claims that are a list": lambda desk, claims: forged(OUR_HEADER, [claims], hs256(SECRET)),
    "claims that are text": lambda desk, claims: forged(OUR_HEADER, '"admin"', hs256(SECRET)),
    "claims that are no JSON": lambda desk, claims: forged(OUR_HEADER, b"{", hs256(SECRET)),
    "claims that are no UTF-8": lambda desk, claims: forged(OUR_HEADER, b'{"a":"\xff"}', hs256(SECRET)),
    "claims nested a thousand deep": lambda desk, claims: forged(
        OUR_HEADER, b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", hs256(SECRET)
    ),
    "a header nested a thousand deep": lambda desk, claims: forged(
        b'{"alg":"HS256","typ":' + b"[" * 1000 + b"]" * 1000 + b"}", claims, hs256(SECRET)
    ),
    "claims with lone surrogates": lambda desk, claims: forged(
        OUR_HEADER, as_json(claims)[:-1] + b',"x":"\\ud800"}', hs256(SECRET)
    ),
    # What widens a token of ours, signed with a stolen secret: the ledger knows what was issued.
    "a wider scope": lambda desk, claims: forged(OUR_HEADER, {**claims, "scope": " ".join(BOTH)}, hs256(SECRET)),
    "a later end": lambda desk, claims: forged(OUR_HEADER, {**claims, "exp": claims["exp"] + 1}, hs256(SECRET)),
    # Longer than any token: refused before it is looked at.
    "8 KiB and one": lambda desk, claims: forged({**OUR_HEADER, "x5t": "a" * 9000}, claims, hs256(SECRET)),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused_and_its_maker_learns_nothing(desk: Desk, name: str) -> None:
    not_genuine(desk, FORGERIES[name](desk, genuine_claims(desk)))


def test_the_forger_of_these_tests_can_make_a_good_one(desk: Desk) -> None:
    """The test of the tests: the same hands, with the right secret and nothing wrong, are let in."""
    claims = genuine_claims(desk)
    bearer = desk.checker()(forged(OUR_HEADER, claims, hs256(SECRET)))
    assert (bearer.jti, bearer.scopes) == (claims["jti"], {"payments:read"})


TEXTS = ["", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "Bearer x", "eyJ9", " ", "\x00", "é.é.é", "a" * 8193,
         "." * 9000, "{}", "null", "a..c", "=.=.=", "٣.٣.٣", "\ud800.a.b"]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_token_at_all_is_refused_in_the_same_words(desk: Desk, text: str) -> None:
    not_genuine(desk, text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=", lambda text: text + "==", lambda text: text + ".", lambda text: text + "\n",
        lambda text: " " + text, lambda text: text + "!!!!", lambda text: text.replace(".", "=.", 1),
        lambda text: text.replace("_", "/").replace("-", "+") + "=", lambda text: text + "A", lambda text: text[:-1],
        lambda text: "." + text, lambda text: text.replace(".", "..", 1),
    ],
)
def test_no_second_spelling_of_a_good_token_is_taken(desk: Desk, change: Callable[[str], str]) -> None:
    """CVE-2026-102269: base64 that is read loosely gives one token many texts."""
    text = desk.token()
    assert desk.checker()(text).name == "shop"
    not_genuine(desk, change(text))


def test_unused_bits_of_the_last_character_make_no_second_token(desk: Desk) -> None:
    text = desk.token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(text[-1])
    for other in (last ^ 1, last ^ 2, last ^ 3):  # 32 bytes leave two bits unused
        twin = text[:-1] + alphabet[other]
        padded = twin.rpartition(".")[2] + "="
        assert base64.urlsafe_b64decode(padded) == base64.urlsafe_b64decode(text.rpartition(".")[2] + "=")
        not_genuine(desk, twin)


@pytest.mark.parametrize(
    "header",
    ["eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiIgfR", "eyJhbGciOiJIUzI1NiIsImtpZCI6bnVsbH0", "eyJhbGciOiJIUzI1NiJ9A"],
    ids=["right", "other last bits", "kid null", "a character too many"],
)
def test_our_own_reader_of_headers_needs_no_help_from_pyjwt(header: str) -> None:
    """Versions of PyJWT before 2.14 would not notice."""
    from mpesa_cli.api.tokens.compact import NotAToken, read_header
    from mpesa_cli.floor.wire.strict_json import parse_json

    if header == "eyJhbGciOiJIUzI1NiJ9":
        assert read_header(f"{header}.e30.AA", parse_json).alg == "HS256"
        with pytest.raises(NotAToken):
            read_header(f"{header}.e30.AB", parse_json)
    else:
        with pytest.raises(NotAToken):
            read_header(f"{header}.e30.AA", parse_json)


PUBLIC_BYTES: dict[str, Callable[[Any], bytes]] = {
    "the PEM file": pem,
    "the PEM without its last line break": lambda key: pem(key).rstrip(),
    "the PEM with other line breaks": lambda key: pem(key).replace(b"\n", b"\r\n"),
    "the PEM with blanks": lambda key: b" \n" + pem(key).replace(b"\n", b" \n"),
    "the base64 inside": lambda key: b"".join(pem(key).splitlines()[1:-1]),
    "the DER inside": lambda key: base64.b64decode(b"".join(pem(key).splitlines()[1:-1])),
    "the SSH form": lambda key: key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ),
    "the JWK": lambda key: as_json(jwk(key)),
    "the JWK Set": lambda key: as_json({"keys": [jwk(key, kid="k1")]}),
    "PKCS 1": lambda key: key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.PKCS1
    ),
}


@pytest.mark.parametrize("named", [None, "k1"])
@pytest.mark.parametrize("form", PUBLIC_BYTES)
def test_a_public_key_never_serves_as_a_shared_secret(desk: Desk, form: str, named: str | None) -> None:
    """CVE-2017-11424, CVE-2022-29217, CVE-2026-48526, CVE-2026-102268: what everybody can read signs nothing."""
    desk.outside(rsa_key(), named=named)
    secret = PUBLIC_BYTES[form](rsa_key())
    for header in ({"alg": "HS256", "typ": "JWT"}, {"alg": "HS256", "typ": "at+jwt"}):
        for kid in ({}, {"kid": "k1"}):
            not_genuine(desk, forged({**header, **kid}, desk.claims(), hs256(secret)))
    right = forged({"alg": "RS256", "typ": "JWT", **({"kid": named} if named else {})}, desk.claims(), rs256(rsa_key()))
    assert desk.checker()(right).subject == "shop"


def test_a_key_signs_with_its_own_algorithm_only(desk: Desk) -> None:
    """GHSA-jq35-7prp-9v3f: the algorithm belongs to the key, whatever the header says."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    desk.outside(rsa_key(), named="k1")
    key = rsa_key()
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    for alg, sign in {
        "RS512": lambda content: key.sign(content, padding.PKCS1v15(), hashes.SHA512()),
        "PS256": lambda content: key.sign(content, pss, hashes.SHA256()),
        "RS256": lambda content: key.sign(content, padding.PKCS1v15(), hashes.SHA512()),
        "ES256": rs256(key),
        "none": lambda content: b"",
    }.items():
        not_genuine(desk, forged({"alg": alg, "kid": "k1"}, desk.claims(), sign))


def test_a_bomb_of_a_token_is_refused_before_it_is_decoded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    check = desk.checker()
    monkeypatch.setattr("mpesa_cli.api.tokens.compact.read_object", lambda *_: pytest.fail("it was decoded"))
    head = base64url(json.dumps(OUR_HEADER).encode())
    assert refusal(check, f"{head}.{'A' * 10_000_000}.{'A' * 43}").code == "token-refused"


def test_every_signature_is_compared_in_constant_time() -> None:
    """PyJWT compares HMACs with hmac.compare_digest; this fails should that ever change."""
    import inspect

    assert "compare_digest" in inspect.getsource(jwt.algorithms.HMACAlgorithm.verify)
    assert hashlib.sha256 is jwt.algorithms.HMACAlgorithm.SHA256
