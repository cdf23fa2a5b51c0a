"""The way in which long work tells how far it has come, to whoever shows it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

Told: TypeAlias = Callable[[str, int, int], object]
"""A function that is told what is done, how many parts of it are, and of how many; 0 where nobody knows."""
EVERY = 1_000
Row = TypeVar("Row")


def unheard(what: str, done: int, count: int) -> None:
    """The listener of work that nobody watches."""


def passed_on(rows: Iterable[Row], told: Told, what: str, count: int = 0) -> Iterator[Row]:
    """The rows, while ``told`` hears at the first and after every thousand how many have been passed on."""
    for done, row in enumerate(rows):
        if done % EVERY == 0:
            told(what, done, count)
        yield row
