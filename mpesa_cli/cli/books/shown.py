"""The form in which a run of ``reconcile`` is printed."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from mpesa_cli.cli.options import Format


@dataclass(frozen=True, slots=True)
class Shown:
    """The form of a run in print. ``all_open`` lists all that waits, without a limit; ``report`` is a page to name."""

    format: "Format"
    all_open: bool
    report: "Path | None"


def unfinished_words(name: str) -> str:
    """The sentence on a file that a run before was stopped in."""
    return (
        f"{name} was not read to its end when it was taken in. Read it again: mpesa reconcile --statement {name}"
    )
