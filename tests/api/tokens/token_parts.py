"""Tokens made by hand, as an attacker or another issuer makes them, and the desk they are shown at. Not a test."""

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from raw_ledger import asked

from mpesa_cli.api.ports import token_checker
from mpesa_cli.api.tokens.bearer import Bearer
from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.floor.world import World
from mpesa_cli.runtime import Runtime

SECRET = "TokenTestSecret-4kQ9vT2xW7bN5mL8pR3sY6"
OUR_HEADER = {"alg": "HS256", "typ": "at+jwt"}
DAY_S = 86_400
BOTH = ("payments:read", "payments:write")

Sign = Callable[[bytes], bytes]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def as_json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def forged(header: object, claims: object, sign: Sign) -> str:
    """A compact token of any header and claims; bytes stand as they are."""
    content = f"{base64url(as_json(header))}.{base64url(as_json(claims))}"
    return f"{content}.{base64url(sign(content.encode()))}"


def hs256(secret: str | bytes) -> Sign:
    key = secret.encode() if isinstance(secret, str) else secret
    return lambda content: hmac.digest(key, content, hashlib.sha256)


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1, which: int = 0) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def rs256(key: rsa.RSAPrivateKey) -> Sign:
    return lambda content: key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def es256(key: ec.EllipticCurvePrivateKey) -> Sign:
    def sign(content: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


def pem(key: Any) -> bytes:
    public: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public


def jwk(key: Any, **members: object) -> dict[str, object]:
    """The public JWK of a key, with further members."""
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        parts = {"kty": "RSA", "n": _number(numbers.n, 256), "e": _number(numbers.e, 3)}
    else:
        parts = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
    return {**parts, **members}


def _number(value: int, size: int) -> str:
    return base64url(value.to_bytes(max(size, (value.bit_length() + 7) // 8)))


@dataclass
class Desk:
    """A shop whose tokens are made by the command and checked by the checker that its API would use."""

    mpesa: Callable[..., Any]
    home: Path
    clock: Any
    environ: dict[str, str] = field(default_factory=lambda: {"MPESA_API_SECRET": SECRET})
    opened: list[Runtime] = field(default_factory=list)

    def run(self, *argv: str, **more: Any) -> Any:
        return self.mpesa(*argv, env=self.environ, **more)

    def issued(self, *scopes: str, ttl: str = "30d", name: str = "shop") -> dict[str, Any]:
        """What ``token issue --json`` prints."""
        wanted = [word for scope in scopes or BOTH for word in ("--scope", scope)]
        result = self.run("token", "issue", *wanted, "--ttl", ttl, "--name", name, "--json")
        assert result.status == 0, result
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def token(self, *scopes: str, **more: Any) -> str:
        return str(self.issued(*scopes, **more)["token"])

    def runtime(self, changes: Mapping[str, str] | None = None) -> Runtime:
        environ = {"MPESA_HOME": str(self.home), **self.environ, **(changes or {})}
        runtime = Runtime(environ=environ, world=World(self.clock.now_us))
        self.opened.append(runtime)
        return runtime

    def checker(self, changes: Mapping[str, str] | None = None) -> Callable[[str], Bearer]:
        runtime = self.runtime(changes)
        return token_checker(runtime, runtime.profile())

    def outside(self, key: Any, *, named: str | None = None) -> None:
        """From now on, tokens come from the issuer who has this key."""
        path = self.home / ("keys.json" if named else "key.pem")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_json({"keys": [jwk(key, kid=named)]}) if named else pem(key))
        self.environ = {"MPESA_API_JWKS" if named else "MPESA_API_PUBLIC_KEY": str(path), "MPESA_API_ISSUER": "issuer"}

    def claims(self, **changes: object) -> dict[str, object]:
        """Claims that are right in this profile, but for ``changes``; None takes a claim out."""
        now_s = self.clock.now // 1_000_000
        right: dict[str, object] = {
            "iss": self.environ.get("MPESA_API_ISSUER", "mpesa-cli/simulator"), "aud": "mpesa", "sub": "shop",
            "jti": "id-1", "scope": " ".join(BOTH), "iat": now_s, "nbf": now_s, "exp": now_s + DAY_S,
        }
        return {name: value for name, value in (right | changes).items() if value is not None}

    def close(self) -> None:
        for runtime in self.opened:
            runtime.close()


def refusal(check: Callable[[str], Bearer], text: str) -> TokenRefused:
    """The refusal that this text meets; fails where it is accepted or anything else comes."""
    try:
        bearer = check(text)
    except TokenRefused as refused:
        return refused
    raise AssertionError(f"accepted: {bearer}")


def ledger_file(desk: Desk) -> Path:
    (path,) = desk.home.rglob("*.db")
    return path


def journal_kinds(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    rows = asked(ledger_file(desk), "SELECT kind, facts FROM journal ORDER BY seq")
    return [(kind, json.loads(facts)) for kind, facts in rows]
