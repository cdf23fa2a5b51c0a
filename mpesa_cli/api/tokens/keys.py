"""The keys that verify signatures: one shared secret, or public keys, each with its one algorithm.

A token never says how it is to be verified: it may only say the same as the configuration. Secrets and public
keys are never mixed, so that nobody can sign with a key that everybody may read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal

from mpesa_cli.floor.installation import needing_cryptography
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret

SECRET_BYTES_MIN = 32
"""As long as the digest of HS256 (RFC 7518 3.2)."""
RSA_BITS_MIN = 2048
_DIFFERENT_CHARACTERS_MIN = 8
_CURVE = "secp256r1"
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

Algorithm = Literal["HS256", "RS256", "ES256"]


class KeyUnusable(ValueError):
    """The reason why a key can't be used, to complete the sentence "it …". It never shows the key."""


class NoKeyLeft(KeyUnusable):
    """A set of keys that can be read and has none to use: its issuer withdrew them, or spoilt the file for all."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One key with the one algorithm that it is for. ``kid`` is its name in a JWKS, else None."""

    kid: str | None
    algorithm: Algorithm
    material: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one profile. ``named`` says that a token names its key (JWKS); ``shared`` that it is our secret."""

    keys: tuple[VerifyingKey, ...]
    named: bool = False
    shared: bool = False

    def choose(self, kid: str | None) -> VerifyingKey | None:
        """The key for a token that names ``kid``, found only among these; None where there is none.

        A token of ours names no key. The one key of a PEM file is for whatever name its issuer has for it.
        """
        if self.named and kid is not None:
            return next((key for key in self.keys if key.kid == kid), None)
        if len(self.keys) != 1 or (self.shared and kid is not None):
            return None
        return self.keys[0]


def shared_secret(secret: Secret) -> KeySet:
    """HS256 with a secret. Raises KeyUnusable where it is short or monotonous, or a key that everybody may read."""
    import jwt

    text = secret.reveal()
    if len(text.encode()) < SECRET_BYTES_MIN:
        raise KeyUnusable(f"is shorter than {SECRET_BYTES_MIN} characters")
    if len(set(text)) < _DIFFERENT_CHARACTERS_MIN:
        raise KeyUnusable("repeats a few characters, so it can be guessed")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(text)
    except jwt.InvalidKeyError:
        raise KeyUnusable("is a public key or a certificate, which everybody may read") from None
    return KeySet((VerifyingKey(None, "HS256", secret),), shared=True)


def keys_from_pem(raw: bytes) -> KeySet:
    """RS256 or ES256 with the one public key of a PEM file, by its kind. Raises KeyUnusable."""
    with needing_cryptography():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

    _refuse_private(raw)
    if raw.count(b"-----BEGIN ") != 1:
        raise KeyUnusable("does not hold exactly one public key in PEM form")
    try:
        key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusable("does not hold a public key in PEM form") from None
    return KeySet((VerifyingKey(None, _algorithm_of(key), key),))


def keys_from_jwks(document: object) -> KeySet:
    """RS256 and ES256 with the signing keys of a JWK Set (RFC 7517 5). Raises KeyUnusable.

    Keys for encryption and of other kinds are passed over; a secret or private one in it refuses the whole set.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise KeyUnusable("is not a JWK Set, which has a list of keys")
    if any(key.get("kty") == "oct" or _PRIVATE_MEMBERS & key.keys() for key in listed):
        raise NoKeyLeft("holds a secret or a private key: only public keys belong there")
    keys = tuple(_from_jwk(key) for key in listed if _is_for_us(key))
    if not keys:
        raise NoKeyLeft("has no key for RS256 or ES256 signatures")
    if _repeated(key.kid for key in keys) or (len(keys) > 1 and any(key.kid is None for key in keys)):
        raise NoKeyLeft("has several keys that can't be told apart by their kid")
    return KeySet(keys, named=True)


def _is_for_us(jwk: Mapping[str, Any]) -> bool:
    kind = {"RSA": "RS256", "EC": "ES256"}.get(str(jwk.get("kty")))
    other_curve = kind == "ES256" and jwk.get("crv") != "P-256"
    return kind is not None and not other_curve and jwk.get("use", "sig") == "sig" and jwk.get("alg", kind) == kind


def _from_jwk(jwk: Mapping[str, Any]) -> VerifyingKey:
    import jwt

    with needing_cryptography():
        import cryptography  # noqa: F401 - without it PyJWT calls every key unreadable

    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise NoKeyLeft("has a key whose kid is not text")
    algorithm = "RS256" if jwk["kty"] == "RSA" else "ES256"
    try:
        key = jwt.PyJWK(dict(jwk), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise NoKeyLeft("has a key that can't be read") from None
    try:
        return VerifyingKey(kid, _algorithm_of(key), key)
    except KeyUnusable as weak:
        raise NoKeyLeft(str(weak)) from None


def _algorithm_of(key: object) -> Algorithm:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, RSAPublicKey):
        if key.key_size < RSA_BITS_MIN:
            raise KeyUnusable(f"has an RSA key of {key.key_size} bits, and less than {RSA_BITS_MIN} can be broken")
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == _CURVE:
        return "ES256"
    raise KeyUnusable("has a key of another kind: RSA (RS256) and P-256 (ES256) are taken")


def _refuse_private(raw: bytes) -> None:
    if b"PRIVATE KEY" in raw:
        raise KeyUnusable("holds a private key: whoever has that makes tokens. Only the public key belongs there")


def _repeated(values: Iterable[object]) -> bool:
    listed = list(values)
    return len(set(listed)) != len(listed)
