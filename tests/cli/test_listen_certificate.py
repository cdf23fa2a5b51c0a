"""``mpesa listen --tls-cert``: every slip in it is told with its file, and SIGHUP serves a renewed certificate."""

import datetime
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loop_parts import listening, until


def write_pair(folder: Path, name: str, *, password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(pem, form, hidden))
    return chain, private


@pytest.fixture
def slips(tmp_path: Path) -> dict[str, tuple[list[str], str, str]]:
    """Options that can't be used, the file that is at fault, and what is said of it."""
    chain, key = write_pair(tmp_path, "a")
    _, other = write_pair(tmp_path, "b")
    _, hidden = write_pair(tmp_path, "c", password=b"geheim")
    noise, missing = tmp_path / "noise.pem", tmp_path / "missing.pem"
    noise.write_bytes(b"\x30\x82 not PEM")
    return {
        "no certificate": (["--tls-key", str(key)], str(key), "no --tls-cert"),
        "missing certificate": (["--tls-cert", str(missing), "--tls-key", str(key)], str(missing), "No such file"),
        "missing key": (["--tls-cert", str(chain), "--tls-key", str(missing)], str(missing), "No such file"),
        "a folder": (["--tls-cert", str(tmp_path), "--tls-key", str(key)], str(tmp_path), "Is a directory"),
        "not PEM": (["--tls-cert", str(noise), "--tls-key", str(key)], str(noise), "no certificate in PEM form"),
        "key not PEM": (["--tls-cert", str(chain), "--tls-key", str(noise)], str(noise), "no private key in PEM form"),
        "no key at all": (["--tls-cert", str(chain)], str(chain), "holds no private key"),
        "another's key": (["--tls-cert", str(chain), "--tls-key", str(other)], str(other), "is not the key of"),
        "a password": (["--tls-cert", str(chain), "--tls-key", str(hidden)], str(hidden), "has a password"),
        "swapped": (["--tls-cert", str(key), "--tls-key", str(chain)], str(key), "no certificate in PEM form"),
    }


def test_a_slip_in_the_certificate_is_told_with_its_file_and_says_nothing_of_money(
    mpesa: Callable[..., Any], slips: dict[str, tuple[list[str], str, str]]
) -> None:
    for slip, (argv, file, why) in slips.items():
        done = mpesa("listen", "--port", "0", *argv)
        assert done.status in {2, 10}, slip
        assert file in done.stderr, slip
        assert why in done.stderr, slip
        assert "oney" not in done.stderr, slip


def served(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=20)


def test_sighup_serves_the_renewed_certificate_and_keeps_the_old_one_where_that_is_damaged(
    home: Path, tmp_path: Path
) -> None:
    chain, key = write_pair(tmp_path, "now")
    renewed, renewed_key = write_pair(tmp_path, "renewed")
    options = ["--tls-cert", str(chain), "--tls-key", str(key)]
    with listening(home, {"MPESA_ENVIRONMENT": "simulator"}, "--port", "0", *options) as listen:
        assert listen.url.startswith("https://")
        port = int(listen.url.rpartition(":")[2])
        assert served(port) == chain.read_text()

        good = chain.read_text()
        chain.write_text(renewed.read_text())  # half of the pair: the key is the old one yet
        os.kill(listen.process.pid, signal.SIGHUP)
        until(lambda: len(listen.events("certificate")) == 1, "the refusal")
        assert served(port) == good

        key.write_bytes(renewed_key.read_bytes())
        os.kill(listen.process.pid, signal.SIGHUP)
        until(lambda: len(listen.events("certificate")) == 2, "the renewal")
        assert served(port) == renewed.read_text()
        assert listen.stop() == 0


def test_a_terminal_that_hangs_up_ends_a_plain_listener_as_sigterm_does(home: Path) -> None:
    with listening(home, {"MPESA_ENVIRONMENT": "simulator"}, "--port", "0") as listen:
        assert listen.url
        assert listen.stop(signal.SIGHUP) == 0
