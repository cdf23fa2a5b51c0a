"""The addresses that Safaricom and Africa's Talking are given, each with a secret in it: made here, and read here."""

import hashlib
import re
from dataclasses import field
from typing import Literal, cast

from mpesa_cli.floor.records import dataclass

HookKind = Literal["stk", "sms", "result", "timeout", "confirmation", "validation"]

_PATHS: dict[HookKind, str] = {
    "stk": "/hooks/stk/{}",
    "sms": "/hooks/sms/{}",
    "result": "/hooks/result/{}",
    "timeout": "/hooks/timeout/{}",
    "confirmation": "/hooks/{}/c2b/confirmation",
    "validation": "/hooks/{}/c2b/validation",
}
_ANY = "|".join(f"(?P<{kind}>{path.format('([0-9a-f]{32})')})" for kind, path in _PATHS.items())


@dataclass(frozen=True, slots=True)
class Hook:
    """An address for one kind of message. ``secret`` is 32 hexadecimal characters: of a prompt or a request its own."""

    kind: HookKind
    secret: str = field(repr=False)

    @property
    def path(self) -> str:
        """The path that the listener serves."""
        return _PATHS[self.kind].format(self.secret)

    @property
    def secret_hash(self) -> str:
        """The only trace of the secret that the ledger keeps."""
        return secret_hash(self.secret)

    def at(self, base: str) -> str:
        """The whole address, below the one that leads to the listener."""
        return base.rstrip("/") + self.path


def read_hook(path: str) -> Hook | None:
    """The hook whose path this is; None where it is none's."""
    found = re.fullmatch(_ANY, path)
    if found is None or found.lastindex is None:
        return None
    return Hook(cast(HookKind, found.lastgroup), found[found.lastindex + 1])  # the secret's group is within the kind's


def secret_hash(secret: str) -> str:
    """The SHA-256 in hexadecimal digits by which the ledger knows a token, a cookie or another secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
