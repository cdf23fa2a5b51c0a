"""The SecurityCredential of the initiator APIs: a password that only Safaricom can read (daraja.md 6.2)."""

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.installation import needing_cryptography
from mpesa_cli.floor.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_PLAIN = re.compile(r"[A-Za-z0-9#&%$]+")
_FILE_BYTES_MAX = 64 * 1024


def security_credential(password: Secret, certificate: Path) -> Secret:
    """The password, encrypted for the key of an X.509 certificate (PEM or DER): other text at every call.

    RSA with PKCS#1 v1.5 padding, base64. The certificate's dates are not looked at: those that Safaricom's
    systems use have been over for years (docs/reference/assumptions.md A62). Raises SettingsError.
    """
    with needing_cryptography():
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    key = _public_key(certificate)
    try:
        encrypted = key.encrypt(password.reveal().encode(), PKCS1v15())
    except ValueError:
        raise SettingsError(
            "The initiator's password is too long for the certificate's key.",
            hint="Nothing was sent. Store it again: mpesa secrets set initiator-password",
            code="initiator-password-too-long",
        ) from None
    return Secret(base64.b64encode(encrypted).decode())


def has_doubtful_characters(password: Secret) -> bool:
    """Whether a password has characters that M-PESA is not known to take: letters, digits and # & % $ are."""
    return _PLAIN.fullmatch(password.reveal()) is None


def _public_key(path: Path) -> "RSAPublicKey":
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX)
    except OSError as refused:
        raise _unusable(path, f"it can't be read: {refused.strerror}") from None
    pem = b"-----BEGIN CERTIFICATE" in content
    try:
        found = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(path, "it is no X.509 certificate, neither PEM nor DER") from None
    if not isinstance(key, RSAPublicKey):
        raise _unusable(path, "its key is not an RSA key")
    return key


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"The initiator's certificate {path} can't be used: {why}.",
        hint="Nothing was sent. Take your environment's certificate from the Daraja portal (docs/operate/initiator.md) "
        "and name it as initiator.certificate, then: mpesa config check",
        code="initiator-certificate",
    )
