"""The SecurityCredential: readable by the certificate's owner alone, whatever the certificate's dates."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    CertificateBuilder,
    Name,
    NameAttribute,
    NameOID,
    load_pem_x509_certificate,
    random_serial_number,
)

from mpesa_cli.daraja.security_credential import has_doubtful_characters, security_credential
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.secret import Secret
from mpesa_cli.simulator.initiator_key import InitiatorKey

PASSWORD = Secret("Canary#Password1")


@pytest.fixture(scope="module")
def key() -> InitiatorKey:
    return InitiatorKey()


@pytest.fixture
def pem(key: InitiatorKey, tmp_path: Path) -> Path:
    path = tmp_path / "simulator.cer"
    path.write_bytes(key.certificate())
    return path


def test_the_owner_of_the_certificate_reads_the_password_and_it_looks_different_each_time(
    key: InitiatorKey, pem: Path
) -> None:
    first, second = security_credential(PASSWORD, pem), security_credential(PASSWORD, pem)
    assert first != second
    assert key.password(first.reveal()) == key.password(second.reveal()) == PASSWORD.reveal()
    assert len(first.reveal()) == 344  # as with Safaricom's keys of 2048 bits
    assert PASSWORD.reveal() not in base64.b64decode(first.reveal()).decode("latin-1")
    assert "•" in repr(first)


def test_der_and_a_file_with_more_in_it_are_read_too(key: InitiatorKey, pem: Path, tmp_path: Path) -> None:
    der, bundle = tmp_path / "x.der", tmp_path / "bundle.pem"
    der.write_bytes(load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER))
    bundle.write_bytes(b"Subject: somebody\n" + pem.read_bytes())
    for path in (der, bundle):
        assert key.password(security_credential(PASSWORD, path).reveal()) == PASSWORD.reveal()


def test_the_certificates_dates_are_over_and_that_does_not_matter(pem: Path) -> None:
    over = load_pem_x509_certificate(pem.read_bytes()).not_valid_after_utc
    assert over.year == 2016
    assert security_credential(PASSWORD, pem)


def test_a_file_that_is_no_certificate_is_named_and_told_apart(tmp_path: Path) -> None:
    text, empty = tmp_path / "text.cer", tmp_path / "empty.cer"
    text.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    empty.write_bytes(b"")
    elliptic = tmp_path / "ec.cer"
    elliptic.write_bytes(_elliptic_certificate())
    for path, words in ((text, "no X.509"), (empty, "no X.509"), (tmp_path / "none.cer", "can't be read"),
                        (elliptic, "not an RSA key")):
        with pytest.raises(SettingsError) as caught:
            security_credential(PASSWORD, path)
        assert words in caught.value.message
        assert str(path) in caught.value.message
        assert caught.value.code == "initiator-certificate"


def test_a_password_that_is_too_long_for_the_key_is_refused_without_being_shown(pem: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        security_credential(Secret("Canary" * 50), pem)
    assert "Canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(("password", "doubtful"), [
    ("Safaricom#123", False), ("A1b2C3&%$#", False), ("paren(1)", True), ("a@b1", True), ("a.b1", True), ("a b1", True),
])
def test_characters_that_mpesa_may_refuse_are_noticed(password: str, doubtful: bool) -> None:
    assert has_doubtful_characters(Secret(password)) is doubtful


def test_two_processes_that_make_the_simulators_key_get_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key.pem"
    make = "import sys; from pathlib import Path; from mpesa_cli.simulator.initiator_key import InitiatorKey; "
    make += "print(InitiatorKey(Path(sys.argv[1])).certificate())"
    argv = [sys.executable, "-c", make, str(path)]
    processes = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    first, *others = [process.communicate(timeout=60)[0] for process in processes]
    assert "BEGIN CERTIFICATE" in first
    assert others == [first, first]
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["key.pem"]


def _elliptic_certificate() -> bytes:
    from datetime import UTC, datetime

    key = ec.generate_private_key(ec.SECP256R1())
    name = Name([NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = CertificateBuilder(name, name, key.public_key(), random_serial_number(),
                                 datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
