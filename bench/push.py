"""A push that does not wait, against a server that answers at once, in multiples of a bare Python.

    python bench/push.py [--rounds 40]

The token is warm, so one push is one request, which is counted. Flushes to disk are counted by strace, where
that is installed, in runs of their own. A push commits three times, and each commit flushes the log once;
SQLite also flushes the folder once for each process that writes. A push that is alone with its ledger pays for
more, none of it for a payment: SQLite begins its log anew, and folds it back when the last process leaves.
"""

import argparse
import contextlib
import datetime
import ipaddress
import json
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from timing import YARDSTICK, Command, compiled, machine, print_ratios, seconds, yardstick

PUSH, TLS_PUSH, STATUS = "mpesa push --no-wait", "mpesa push --no-wait, https", "mpesa status --no-refresh"
TARGETS = {PUSH: 14.0, STATUS: 8.0}
START = "from mpesa_cli.start import entry_point; entry_point()"


@dataclass
class AtOnce:
    """A Daraja on 127.0.0.1 that takes every prompt at once."""

    tls: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            connection, _ = self.listening.accept()
            with self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as connection:
                head = self._read(connection)
                self.requests.append(head.split(" HTTP/")[0])
                body = json.dumps(self._answer(head)).encode()
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                    b"content-length: %d\r\n\r\n%s" % (len(body), body)
                )

    def _read(self, connection: socket.socket) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        return head.decode()

    def _answer(self, head: str) -> dict[str, str]:
        if "/oauth/" in head:
            return {"access_token": "bench", "expires_in": "3599"}
        return {
            "MerchantRequestID": f"bench-{len(self.requests)}",
            "CheckoutRequestID": f"ws_CO_24112026103000{len(self.requests):06}",
            "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing",
            "CustomerMessage": "Success. Request accepted for processing",
        }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=40)
    rounds = arguments.parse_args().rounds
    with compiled() as environ, tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as scratch:
        daraja, secure = AtOnce(), AtOnce(own_certificate(Path(scratch)))
        for each in (daraja, secure):
            threading.Thread(target=each.serve, daemon=True).start()
        environ |= {
            "MPESA_HOME": home, "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": daraja.url,
            "MPESA_CONSUMER_KEY": "bench", "MPESA_CONSUMER_SECRET": "bench", "APP_URL": "https://pay.example.co.ke",
        }
        over_tls = {"MPESA_HOME": str(Path(scratch) / "tls"), "MPESA_BASE_URL": secure.url,
                    "SSL_CERT_FILE": str(Path(scratch) / "trusted.pem")}
        commands = {
            YARDSTICK: yardstick(), PUSH: Command(push, {}), TLS_PUSH: Command(push, over_tls),
            STATUS: Command(status, {}, status=8),
        }
        print(f"{machine()}; {rounds} rounds")
        print_ratios(seconds(commands, rounds, environ), TARGETS)
        prompts = sum("stkpush" in each for each in daraja.requests)
        tokens = len(daraja.requests) - prompts
        print(f"requests: {len(daraja.requests)} for {prompts} pushes; {tokens} of them asked for the token")
        print(f"flushes to disk of a push that is alone: {flushes(push(rounds + 1), environ)}")
        with contextlib.closing(sqlite3.connect(Path(home) / "data" / "env-sandbox.db")) as listener:
            listener.execute("SELECT count(*) FROM payments").fetchall()
            subprocess.run(push(rounds + 2), env=environ, capture_output=True, check=True)
            print(f"flushes to disk of a push beside a listener: {flushes(push(rounds + 3), environ)} (target: log 3)")


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's certificate for 127.0.0.1, and beside it certifi's whole bundle with that one more to trust."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")]), datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    made = built.add_extension(address, critical=False).sign(key, hashes.SHA256())
    certificate = made.public_bytes(serialization.Encoding.PEM)
    own = folder / "own.pem"
    own.write_bytes(certificate + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
    (folder / "trusted.pem").write_bytes(Path(certifi.where()).read_bytes() + b"\n" + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context


def push(number: int) -> list[str]:
    """Each push asks another phone for another order, as a shop's do."""
    order = ["--order", f"bench-{number}", "--no-wait", "--json"]
    return [sys.executable, "-c", START, "push", f"2547000{number:05}", "100", *order]


def status(number: int) -> list[str]:
    return [sys.executable, "-c", START, "status", f"bench-{number}", "--no-refresh", "--json"]


def flushes(argv: list[str], environ: dict[str, str]) -> str:
    """fdatasync and fsync calls of one command by what they flush, as strace counts them."""
    if shutil.which("strace") is None:
        return "not counted, strace is not installed"
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls"
        traced = ["strace", "-f", "-y", "-o", str(calls), "-e", "trace=fdatasync,fsync", *argv]
        subprocess.run(traced, env=environ, capture_output=True, check=True)
        paths = re.findall(r"\b(?:fdatasync|fsync)\(\d+<([^>]*)>", calls.read_text(encoding="utf-8"))
    kinds = {"-wal": "log", ".db": "file"}
    flushed = Counter(next((kind for end, kind in kinds.items() if path.endswith(end)), "folder") for path in paths)
    return ", ".join(f"{kind} {flushed[kind]}" for kind in ("log", "folder", "file"))


if __name__ == "__main__":
    main()
