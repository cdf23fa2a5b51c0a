"""The simulator's own key pair. A merchant encrypts for it as for Safaricom (daraja.md 6.2).

Kept in one file beside the simulator's memory, so that every process has the same; made when it is first needed.
"""

import base64
import binascii
import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.whole_file import write_whole
from mpesa_cli.floor.installation import needing_cryptography

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SHORTEST_PASSWORD = 4
FILE_NAME = "simulator-initiator.pem"
# Expired long ago, like those that Safaricom uses: a client that checked the dates could encrypt nothing.
_VALID = datetime(2014, 11, 12, tzinfo=UTC), datetime(2016, 11, 11, tzinfo=UTC)


class InitiatorKey:
    """An RSA key with its certificate. Without a path it lives and dies with the process."""

    def __init__(self, path: Path | None = None) -> None:
        """Nothing is read or made yet."""
        self._path = path
        self._pem: bytes | None = None

    def certificate(self) -> bytes:
        """The certificate, PEM, that ``initiator.certificate`` is to name. Raises OSError where it can't be kept."""
        pem = self._both()
        return pem[pem.index(b"-----BEGIN CERTIFICATE") :]

    def password(self, credential: str) -> str | None:
        """The password in a SecurityCredential; None where it was not encrypted for this key."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        try:
            encrypted = base64.b64decode(credential, validate=True)
            plain = self._key().decrypt(encrypted, PKCS1v15()).decode()
        except (binascii.Error, ValueError):
            return None
        # OpenSSL from 3.2 on decrypts a text for another key to random bytes, without an error.
        return plain if len(plain) >= SHORTEST_PASSWORD and plain.isprintable() else None

    def _key(self) -> "RSAPrivateKey":
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        found = load_pem_private_key(self._both(), password=None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(found, RSAPrivateKey)  # we made it
        return found

    def _both(self) -> bytes:
        if self._pem is None:
            self._pem = _made() if self._path is None else _kept(self._path)
        return self._pem


def _kept(path: Path) -> bytes:
    """The file's content; made first where there is none. Of two processes that make it, one wins for both."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    machine.make_private_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        write_whole(fresh, _made(), on_disk="no")
        with contextlib.suppress(FileExistsError):
            machine.give_name(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return path.read_bytes()


def _made() -> bytes:
    with needing_cryptography():
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simulator.invalid")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID[0])
        .not_valid_after(_VALID[1])
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)
