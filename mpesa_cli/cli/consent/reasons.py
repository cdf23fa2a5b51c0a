"""The name and the reason: what the journal keeps of a person's decision."""

from collections.abc import Callable

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


def signed(
    runtime: Runtime, by: str | None, reason: str | None, *, example: str, lacks: str = ""
) -> tuple[str, str]:
    """The name and the reason under which a decision is journaled. Raises one InvalidInput that names all it lacks.

    ``lacks`` says what else the same command lacks; empty: nothing.
    """
    name, nobody = _tried(lambda: who(runtime, by))
    said, unsaid = _tried(lambda: checked_reason(_there(reason, example), example=example))
    troubles = [each for each in (unsaid, nobody) if each]
    if lacks or len(troubles) > 1:
        words = " ".join([lacks, *(each.message for each in troubles)]).strip()
        name_too = " --by 'Wanjiku'" if nobody else ""
        raise InvalidInput(
            words, hint=f"Nothing was changed. Right: {example}{name_too}", code="usage" if lacks else troubles[0].code
        )
    if troubles:
        raise troubles[0]
    return name, said


def _tried(check: Callable[[], str]) -> tuple[str, InvalidInput | None]:
    try:
        return check(), None
    except InvalidInput as trouble:
        return "", trouble


def _there(reason: str | None, example: str) -> str:
    if reason is None:
        raise InvalidInput(
            f"Missing option '--reason': why, in {REASON_MIN} to {_MOST} characters; it is kept in the ledger.",
            hint=f"Nothing was changed. Right: {example}", code="usage",
        )
    return reason


def who(runtime: Runtime, by: str | None) -> str:
    """The name that a decision is journaled under: ``--by``, or the system's user. Raises InvalidInput for neither."""
    name = " ".join((by or runtime.environ.get("USER") or runtime.environ.get("LOGNAME")
                     or runtime.environ.get("USERNAME") or "").split())
    if not name or len(name) > 60 or not name.isprintable():
        raise InvalidInput(
            "Nobody is named who decides this.",
            hint="Nothing was changed. Add your name to the same command: --by 'Wanjiku'",
            code="nobody-named",
        )
    return name
