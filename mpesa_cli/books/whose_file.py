"""The owner of a statement file among the profiles of one command, and what is said of rows that are not its own."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.books.statement_intake import Taken
    from mpesa_cli.books.statements.statement import Statement


@dataclass(frozen=True, slots=True)
class Beside:
    """Another profile of the same command, with its shortcodes."""

    profile: str
    shortcodes: tuple[str, ...]


def is_own_file(file: "Statement", name: str, own: tuple[str, ...], beside: tuple[Beside, ...]) -> bool:
    """Whether a file is the statement of the profile with these shortcodes, and not of one of the others.

    A head office's file is everybody's. Raises InvalidInput ``statement-of-whom`` where several may be meant.
    """
    if not beside or file.store is not None:
        return True
    code = file.heading.shortcode
    if code is None:
        raise _of_whom(f"{name} does not name its shortcode, and several profiles are given.")
    others = [each.profile for each in beside if code in each.shortcodes]
    if others and code in own:
        raise _of_whom(f"{name} is the statement of {code}, which several of these profiles have.")
    return not others


def _of_whom(words: str) -> InvalidInput:
    return InvalidInput(
        words,
        hint="Nothing was read of it: nothing tells whose its rows are. Name one profile: "
        "mpesa reconcile -P NAME --statement FILE",
        code="statement-of-whom",
    )


def notes_on(taken: "Taken", own: str, beside: tuple[Beside, ...]) -> "Iterator[str]":
    """A sentence on the rows of a head office's file that are other profiles', where no run of this command reads them.
    """
    read = {each.profile for each in beside}
    left = {profile: rows for profile, rows in taken.of_stores.elsewhere.items() if profile not in read}
    if left:
        whose = ", ".join(left)
        again = " ".join(f"-P {each}" for each in (own, *left))
        rows = counted(sum(left.values()), "row")
        yield (
            f"{taken.name}: {rows} of other profiles' stores ({whose}) not read here. All at once: "
            f"mpesa reconcile {again} --statement {taken.name}"
        )
