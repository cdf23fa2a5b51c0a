"""The name and the reason: what the journal keeps of a person's decision."""

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.runtime import Runtime

REASON_MIN = 10
_MOST = 200


def checked_reason(typed: str, *, example: str) -> str:
    """A reason as it is journaled: one line. Raises InvalidInput where it is too short to tell anything."""
    reason = " ".join("".join(c if c.isprintable() else " " for c in typed).split())
    if not REASON_MIN <= len(reason) <= _MOST:
        raise InvalidInput(
            f"The reason needs {REASON_MIN} to {_MOST} characters; it is kept in the ledger.",
            hint=f"Nothing was changed. Right: {example}",
            code="invalid-reason",
        )
    return reason


def who(runtime: Runtime, by: str | None) -> str:
    """The name that a decision is journaled under: ``--by``, or the system's user. Raises InvalidInput for neither."""
    name = " ".join((by or runtime.environ.get("USER") or runtime.environ.get("LOGNAME") or "").split())
    if not name or len(name) > 60 or not name.isprintable():
        raise InvalidInput(
            "Nobody is named who decides this.",
            hint="Nothing was changed. Add your name to the same command: --by 'Wanjiku'",
            code="nobody-named",
        )
    return name
