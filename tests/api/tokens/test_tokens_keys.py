"""One way to verify tokens per profile: our secret, or an outside issuer's public keys, and never both."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from token_parts import (
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

from mpesa_cli.floor.errors import MpesaError


def refused_settings(desk: Desk, changes: dict[str, str]) -> MpesaError:
    desk.environ = changes
    with pytest.raises(MpesaError) as refused:
        desk.checker()
    return refused.value


def file_in(desk: Desk, name: str, content: bytes) -> str:
    desk.home.mkdir(parents=True, exist_ok=True)
    path = desk.home / name
    path.write_bytes(content)
    return str(path)


def test_rs256_and_es256_of_a_pem_file_are_taken_by_the_kind_of_the_key(desk: Desk) -> None:
    for key, alg, sign in ((rsa_key(), "RS256", rs256(rsa_key())), (ec_key(), "ES256", es256(ec_key()))):
        desk.outside(key)
        check = desk.checker()
        for header in ({"alg": alg}, {"alg": alg, "typ": "JWT"}, {"alg": alg, "typ": "at+jwt", "kid": "whatever"},
                       {"alg": alg, "typ": "application/at+jwt", "x5t": "abc"}):
            assert check(forged(header, desk.claims(), sign)).subject == "shop"
        other = "ES256" if alg == "RS256" else "RS256"
        assert refusal(check, forged({"alg": other}, desk.claims(), sign)).code == "token-refused"


@pytest.mark.parametrize("typ", ["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "JWE", "jwt ", "application/jwt"])
def test_an_issuers_token_of_another_kind_is_not_for_us(desk: Desk, typ: str) -> None:
    desk.outside(rsa_key())
    text = forged({"alg": "RS256", "typ": typ}, desk.claims(), rs256(rsa_key()))
    assert refusal(desk.checker(), text).code == "token-refused"


def test_a_jwks_finds_the_key_by_its_exact_name_and_nowhere_else(desk: Desk) -> None:
    desk.outside(rsa_key(), named="k1")
    keys = {"keys": [jwk(rsa_key(), kid="k1"), jwk(ec_key(), kid="k2", use="sig", alg="ES256")]}
    Path(desk.environ["MPESA_API_JWKS"]).write_bytes(as_json(keys))
    check = desk.checker()
    assert check(forged({"alg": "RS256", "kid": "k1"}, desk.claims(), rs256(rsa_key()))).subject == "shop"
    assert check(forged({"alg": "ES256", "kid": "k2"}, desk.claims(), es256(ec_key()))).subject == "shop"
    for header in ({"alg": "RS256", "kid": "k2"}, {"alg": "ES256", "kid": "k1"}, {"alg": "RS256", "kid": "k"},
                   {"alg": "RS256", "kid": "K1"}, {"alg": "RS256", "kid": "../k1"}, {"alg": "RS256"}):
        assert refusal(check, forged(header, desk.claims(), rs256(rsa_key()))).code == "token-refused"


def test_the_only_key_of_a_jwks_serves_tokens_that_name_none(desk: Desk) -> None:
    desk.outside(rsa_key(), named="k1")
    assert desk.checker()(forged({"alg": "RS256"}, desk.claims(), rs256(rsa_key()))).subject == "shop"


def test_keys_of_a_jwks_that_are_for_something_else_are_passed_over(desk: Desk) -> None:
    others = [jwk(rsa_key(), kid="enc", use="enc"), jwk(rsa_key(), kid="ps", alg="PS256"),
              {"kty": "OKP", "crv": "Ed25519", "x": base64url(b"x" * 32)}, {"kty": "EC", "crv": "P-384"}]
    path = file_in(desk, "keys.json", as_json({"keys": [*others, jwk(ec_key(), kid="sig")], "note": "ours"}))
    desk.environ = {"MPESA_API_JWKS": path, "MPESA_API_ISSUER": "issuer"}
    check = desk.checker()
    assert check(forged({"alg": "ES256", "kid": "sig"}, desk.claims(), es256(ec_key()))).subject == "shop"
    for kid in ("enc", "ps"):
        text = forged({"alg": "RS256", "kid": kid}, desk.claims(), rs256(rsa_key()))
        assert refusal(check, text).code == "token-refused"


RIGHT = {"kty": "RSA", "kid": "a"}
BAD_SETS: dict[str, tuple[object, str]] = {
    "no JSON": (b"-----", "not JSON"),
    "a list": ([], "not a JWK Set"),
    "no keys": ({"keys": []}, "no key for"),
    "keys that are text": ({"keys": ["a"]}, "not a JWK Set"),
    "keys twice": (b'{"keys":[],"keys":[{}]}', "not JSON"),
    "a shared secret": ({"keys": [{"kty": "oct", "k": base64url(b"k" * 32)}]}, "secret or a private"),
    "an empty shared secret": ({"keys": [{"kty": "oct", "k": ""}]}, "secret or a private"),
    "only keys for encryption": ({"keys": [{"kty": "RSA", "use": "enc"}]}, "no key for"),
    "a broken key": ({"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}, "can't be read"),
    "a kid that is no text": ({"keys": [{"kty": "EC", "crv": "P-256", "kid": 1}]}, "not text"),
    "a point that is not on the curve": (
        {"keys": [{"kty": "EC", "crv": "P-256", "x": base64url(b"x" * 32), "y": base64url(b"y" * 32)}]}, "can't be read"
    ),
}


@pytest.mark.parametrize("name", BAD_SETS)
def test_a_jwks_that_is_wrong_is_said_to_be_before_anything_starts(desk: Desk, name: str) -> None:
    content, says = BAD_SETS[name]
    error = refused_settings(desk, {"MPESA_API_JWKS": file_in(desk, "keys.json", as_json(content))})
    assert (error.code, error.exit_status) == ("api-key-unusable", 10)
    assert says in error.message


def test_two_keys_of_one_name_are_refused(desk: Desk) -> None:
    for kids in (["a", "a"], ["a", None]):
        keys = [{key: value for key, value in jwk(rsa_key(), kid=kid).items() if value is not None} for kid in kids]
        error = refused_settings(desk, {"MPESA_API_JWKS": file_in(desk, "keys.json", as_json({"keys": keys}))})
        assert "can't be told apart" in error.message


def private(key: Any) -> bytes:
    written: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return written


def bad_pems() -> dict[str, tuple[bytes, str]]:
    return {
        "empty": (b"", "empty"),
        "text": (b"hello", "exactly one"),
        "a private key": (private(rsa_key()), "private key"),
        "a private key behind a public one": (pem(rsa_key()) + private(rsa_key()), "private key"),
        "two keys": (pem(rsa_key()) + pem(ec_key()), "exactly one"),
        "a key cut off": (pem(rsa_key())[:100], "public key in PEM form"),
        "a short RSA key": (pem(rsa_key(1024)), "1024 bits"),
        "another curve": (pem(ec_key(ec.SECP384R1)), "another kind"),
        "Ed25519": (pem(ed25519.Ed25519PrivateKey.generate()), "another kind"),
        "64 KiB": (b"a" * (64 * 1024 + 1), "larger than 64 KiB"),
    }


@pytest.mark.parametrize("name", bad_pems().keys())
def test_a_key_file_that_is_wrong_is_said_to_be_before_anything_starts(desk: Desk, name: str) -> None:
    content, says = bad_pems()[name]
    error = refused_settings(desk, {"MPESA_API_PUBLIC_KEY": file_in(desk, "key.pem", content)})
    assert (error.code, error.exit_status) == ("api-key-unusable", 10)
    assert says in error.message
    assert "BEGIN" not in error.message + error.hint


def test_a_key_file_that_is_not_there_or_no_file_is_said_to_be(desk: Desk) -> None:
    missing = refused_settings(desk, {"MPESA_API_PUBLIC_KEY": str(desk.home / "nosuch.pem")})
    assert "No such file" in missing.message
    desk.home.mkdir()
    folder = refused_settings(desk, {"MPESA_API_JWKS": str(desk.home)})
    assert "not a file" in folder.message
    os.mkfifo(desk.home / "pipe")
    assert "not a file" in refused_settings(desk, {"MPESA_API_JWKS": str(desk.home / "pipe")}).message


def renewed(path: Path, content: bytes) -> None:
    scratch = path.with_name("next")
    scratch.write_bytes(content)
    scratch.replace(path)


def test_keys_that_the_issuer_renewed_count_at_once_and_the_old_ones_no_more(desk: Desk) -> None:
    desk.outside(ec_key(), named="old")
    path, check = Path(desk.environ["MPESA_API_JWKS"]), desk.checker()
    old = forged({"alg": "ES256", "kid": "old"}, desk.claims(), es256(ec_key()))
    new = forged({"alg": "ES256", "kid": "new"}, desk.claims(), es256(ec_key(which=1)))
    assert check(old).subject == "shop"
    assert refusal(check, new).code == "token-refused"
    renewed(path, as_json({"keys": [jwk(ec_key(which=1), kid="new")]}))
    assert check(new).subject == "shop"
    assert refusal(check, old).code == "token-refused"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"keys":7}', None])
def test_a_renewal_that_broke_off_locks_nobody_out(
    desk: Desk, capsys: pytest.CaptureFixture[str], damage: bytes | None
) -> None:
    """GHSA-fhv5-28vv-h8m8: keys that were good were thrown away with the first failed renewal."""
    desk.outside(ec_key(), named="k1")
    path, check = Path(desk.environ["MPESA_API_JWKS"]), desk.checker()
    text = forged({"alg": "ES256", "kid": "k1"}, desk.claims(), es256(ec_key()))
    if damage is None:
        path.unlink()
    else:
        renewed(path, damage)
    assert check(text).subject == "shop"
    assert check(text).subject == "shop"
    assert said(capsys) == 1, "one line, however many requests come"
    renewed(path, as_json({"keys": [jwk(ec_key(which=1), kid="k1")]}))
    assert refusal(check, text).code == "token-refused"
    assert said(capsys) == 1


def said(capsys: pytest.CaptureFixture[str]) -> int:
    """How many lines about the file of keys went to stderr since this was asked last."""
    return capsys.readouterr().err.count("api.jwks: ")


@pytest.mark.parametrize(
    "left",
    [
        b'{"keys":[]}',
        b'{"keys":[{"kty":"RSA","use":"enc"}]}',
        b'{"keys":[{"kty":"oct","k":"AAAA"}]}',
        b'{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}',
    ],
)
def test_keys_that_the_issuer_took_away_are_good_no_more_whatever_is_left(
    desk: Desk, capsys: pytest.CaptureFixture[str], left: bytes
) -> None:
    desk.outside(ec_key(), named="k1")
    path, check = Path(desk.environ["MPESA_API_JWKS"]), desk.checker()
    text = forged({"alg": "ES256", "kid": "k1"}, desk.claims(), es256(ec_key()))
    unnamed = forged({"alg": "ES256"}, desk.claims(), es256(ec_key()))
    assert check(text).subject == "shop"
    renewed(path, left)
    assert refusal(check, text).code == "token-refused"
    assert refusal(check, unnamed).code == "token-refused"
    assert said(capsys) == 1


def test_a_set_in_the_place_of_another_counts_though_it_has_its_size_and_its_time(desk: Desk) -> None:
    desk.outside(ec_key(), named="k1")
    path, check = Path(desk.environ["MPESA_API_JWKS"]), desk.checker()
    text = forged({"alg": "ES256", "kid": "k1"}, desk.claims(), es256(ec_key()))
    assert check(text).subject == "shop"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"k1"', b'"k2"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert refusal(check, text).code == "token-refused"


def test_two_ways_to_verify_are_one_too_many(desk: Desk) -> None:
    path = file_in(desk, "key.pem", pem(rsa_key()))
    both = refused_settings(desk, {"MPESA_API_PUBLIC_KEY": path, "MPESA_API_JWKS": path})
    assert (both.code, both.exit_status) == ("profile-incomplete", 10)
    for setting in ("MPESA_API_PUBLIC_KEY", "MPESA_API_JWKS"):
        mixed = refused_settings(desk, {setting: path, "MPESA_API_SECRET": SECRET})
        assert (mixed.code, mixed.exit_status) == ("api-keys-mixed", 10)
        assert SECRET not in mixed.message + mixed.hint


def test_without_any_key_the_way_to_one_is_told(desk: Desk) -> None:
    error = refused_settings(desk, {})
    assert (error.code, error.exit_status) == ("api-secret-missing", 4)
    assert error.hint.endswith("mpesa secrets set api-secret --generate -P simulator")
    result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (4, "api-secret-missing")


WEAK = {
    "empty but for blanks": "x",
    "a word": "karibu-sana",
    "31 characters": SECRET[:31],
    "one character often": "a" * 64,
    "a few characters": "abcabc" * 10,
    "an SSH key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1dCB0aGlzIGlzIG5vdCBhIGtleQ== shop",
    "a JWK": '{"kty":"RSA","n":"xGOr-H7A-PWG9nRTLoe7aKnBvBvpVfkjYPqOTcUrKxM","e":"AQAB"}',
    "a JWK Set": '{"keys":[{"kty":"RSA","n":"xGOr-H7A-PWG9nRTLoe7aKnBvBvpVfkjYPqOTcUrKxM","e":"AQAB"}]}',
}


@pytest.mark.parametrize("name", WEAK)
def test_a_secret_that_can_be_guessed_or_read_is_refused(desk: Desk, name: str) -> None:
    """CVE-2025-45768: a library takes short secrets; this program does not."""
    error = refused_settings(desk, {"MPESA_API_SECRET": WEAK[name]})
    assert (error.code, error.exit_status) == ("api-secret-weak", 10)
    assert WEAK[name] not in f"{error.message} {error.hint}".split()


def test_a_secret_of_32_characters_is_long_enough(desk: Desk) -> None:
    desk.environ = {"MPESA_API_SECRET": SECRET[:32]}
    assert desk.checker()(desk.token()).name == "shop"


def test_a_new_secret_ends_all_tokens_of_the_old_one(desk: Desk) -> None:
    text = desk.token()
    assert refusal(desk.checker({"MPESA_API_SECRET": SECRET[::-1]}), text).code == "token-refused"


def test_tokens_of_the_secret_are_worth_nothing_once_an_outside_issuer_is_trusted(desk: Desk) -> None:
    text = desk.token()
    desk.outside(rsa_key())
    assert refusal(desk.checker(), text).code == "token-refused"
    assert refusal(desk.checker(), forged({"alg": "HS256"}, desk.claims(), hs256(SECRET))).code == "token-refused"
