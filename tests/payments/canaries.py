"""Secrets that nobody may ever see, in every slot, and where to look for them. Not a test."""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daraja_servers import Loopback, Seen

SLOTS = {
    "consumer-key": "CanaryConsumerKeyAaQ4vT9",
    "consumer-secret": "CanaryConsumerSecretBb7xW2",
    "passkey": "canaryPasskeyCc0f5e1d9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b",
    "sms-api-key": "CanarySmsApiKeyDd3kL8",
    "webhook-secret": "CanaryWebhookSecretEe6mN1",
    "c2b-secret": "c4a9a71f0b2d4e6f8091a2b3c4d5e6f7",
    "initiator-password": "CanaryInitiator#Gg8Tt4",
    "api-secret": "CanaryApiSecretGg9hJ4kZ8qT2vX6bN1mC5w",
    "check-secret": "whsec_Q2FuYXJ5Q2hlY2tTZWNyZXRIaDNyUzV0VjhmWjFtTjA=",
}
ACCESS_TOKEN = "CanaryAccessTokenFf5pR0sT"
SHORTCODE = "174379"
CALLBACK_TOKEN = re.compile(rb"/hooks/(?:stk/|result/|timeout/)?([0-9a-f]{32})")
CREDENTIAL = re.compile(rb'"SecurityCredential":"([^"]{300,})"')


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# The password is base64 of shortcode, passkey and time: its beginning is the same at all times, and is the passkey.
PASSWORD_BEGINS = _base64((SHORTCODE + SLOTS["passkey"])[: len(SHORTCODE + SLOTS["passkey"]) // 3 * 3])
BASIC = _base64(f"{SLOTS['consumer-key']}:{SLOTS['consumer-secret']}")


@dataclass
class Watch:
    """What must not be seen: the slots' secrets as they are and as they travel, and tokens as they are made."""

    needles: dict[str, str] = field(
        default_factory=lambda: {
            **SLOTS, "access token": ACCESS_TOKEN, "password": PASSWORD_BEGINS, "basic authorization": BASIC,
        }
    )
    told: list[str] = field(default_factory=list)

    def learn(self, seen: Iterable[Seen]) -> None:
        """The tokens of the callback URLs, and the encrypted passwords, that a server was given."""
        for each in seen:
            for token in CALLBACK_TOKEN.findall(each.body):
                self.needles[f"callback token {len(self.needles)}"] = token.decode()
            for credential in CREDENTIAL.findall(each.body):
                self.needles[f"security credential {len(self.needles)}"] = credential.decode()

    def in_text(self, where: str, text: str) -> list[str]:
        """Names of the secrets in a text, with the place."""
        return [f"{name} in {where}" for name, needle in self.needles.items() if needle in text]

    def in_result(self, argv: Iterable[str], result: Any) -> list[str]:
        command = " ".join(argv)
        return self.in_text(f"stdout of {command}", result.stdout) + self.in_text(f"stderr of {command}", result.stderr)

    def in_files(self, folder: Path) -> list[str]:
        """Names of the secrets in any file below a folder: its name, or its bytes.

        The access token may be in the cache that processes share, a stored secret in the store for it.
        """
        found = []
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            content = path.read_bytes()
            for name, needle in self.needles.items():
                if needle.encode() in content + str(path).encode() and not _belongs(name, path, folder):
                    found.append(f"{name} in {path.relative_to(folder)}")
        return found


def _belongs(name: str, path: Path, home: Path) -> bool:
    parts = path.relative_to(home).parts
    if name == "access token":
        return parts[0] == "cache" and parts[-1].startswith("token-") and path.stat().st_mode & 0o077 == 0
    return parts[:2] == ("config", "secrets") and parts[-1] == name and path.stat().st_mode & 0o077 == 0


def echoes(server_says: int, kind: str) -> Any:
    """A server that gives back everything it was told, head and body, as some gateways do in their error pages."""

    def behave(connection: Any, seen: Seen) -> None:
        told = seen.head + seen.body.decode("utf-8", "replace")
        body = {
            "json": json.dumps({"requestId": "1-2-3", "errorCode": f"{server_says}.002.02", "errorMessage": told}),
            "fault": json.dumps({"fault": {"faultstring": told, "detail": {"errorcode": "policies.x.Y"}}}),
            "html": f"<html><body>{told}</body></html>",
            "accepted": json.dumps({"ResponseCode": "1", "ResponseDescription": told, "CheckoutRequestID": "ws_CO_1"}),
        }[kind].encode()
        head = f"HTTP/1.1 {server_says} Whatever\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    return behave


def token_answer() -> bytes:
    """What the server gives who asks for an access token."""
    body = json.dumps({"access_token": ACCESS_TOKEN, "expires_in": "3599"}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def learned(watch: Watch, server: Loopback) -> Watch:
    """The watch, once it knows what the server was given."""
    watch.learn(server.seen)
    return watch
