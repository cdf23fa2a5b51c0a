"""The operating system's keyring, kept at arm's length: it may hang, be missing, or keep plain text.

Every call runs in a thread that is waited for a few seconds only: on servers a locked Secret Service
asks for a password on a screen that nobody sees. After the first time-out no further call is made by this process.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from mpesa_cli.floor.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

_gave_up: str | None = None  # why, once a call has timed out in this process


class KeyringUnusable(Exception):
    """The lack of a keyring that can be trusted here; the text says why."""


def keyring_get(service: str, user: str, limit_s: float) -> Secret | None:
    """The stored secret, or None. Raises KeyringUnusable."""

    def read() -> Secret | None:
        value = _backend().get_password(service, user)
        return None if value is None else Secret(value)

    return _within(limit_s, read)


def keyring_set(service: str, user: str, secret: Secret, limit_s: float) -> None:
    """Store the secret. Raises KeyringUnusable."""
    _within(limit_s, lambda: _backend().set_password(service, user, secret.reveal()))


def keyring_delete(service: str, user: str, limit_s: float) -> None:
    """Delete the secret; a missing one is no error. Raises KeyringUnusable."""

    def forget() -> None:
        backend = _backend()
        if backend.get_password(service, user) is not None:
            backend.delete_password(service, user)

    _within(limit_s, forget)


def keyring_name(limit_s: float) -> str:
    """The keyring's name, as its program gives it. Raises KeyringUnusable."""
    return _within(limit_s, lambda: _class_name(_backend()))


def _backend() -> "KeyringBackend":
    import keyring

    found = keyring.get_keyring()
    # A chain would write to its first member, whichever that is: pick the first that can be trusted.
    members: list[KeyringBackend] = list(getattr(found, "backends", None) or [found])
    trusted = next((member for member in members if not _is_refused(member)), None)
    if trusted is None:
        raise KeyringUnusable(f"there is no safe keyring here ({_class_name(members[0])})")
    return trusted


def _is_refused(backend: object) -> bool:
    """Whether it keeps plain text or nothing; told by class name, so that no back end has to be imported."""
    return any(
        "plaintext" in cls.__name__.lower() or cls.__module__.endswith(("backends.null", "backends.fail"))
        for cls in type(backend).__mro__
    )


def _class_name(backend: object) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _within(limit_s: float, work: Callable[[], T]) -> T:
    global _gave_up  # noqa: PLW0603 - once for the whole process, as a hung keyring is
    if _gave_up is not None:
        raise KeyringUnusable(_gave_up)
    answers: list[T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as failed:  # noqa: BLE001 - back ends raise what they like
            failures.append(failed)

    # A daemon: a call that never returns must not keep the process from ending.
    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(limit_s)
    if answers:
        return answers[0]
    if failures:
        why = failures[0]
        # The text of a foreign error is not passed on: it may quote the value.
        words = str(why) if isinstance(why, KeyringUnusable) else f"the keyring failed ({type(why).__name__})"
        raise KeyringUnusable(words) from None
    _gave_up = f"the keyring did not answer within {limit_s:g} s"
    raise KeyringUnusable(_gave_up)
