"""The rows of a head office's daily file: each is of a store, and only one store's are this profile's.

Such a file names no shortcode. Whose a row is, only the name of its store tells, so that a row of a name that no
profile has is nobody's here: it is counted and not read.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field

from mpesa_cli.books.statements.cells import plain
from mpesa_cli.books.statements.columns import Table, normal
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.store_name import store_key

NAMES_KEPT = 1_000
NAME_MOST = 60
FURTHER = "further stores"

_Read = Callable[[list[str], int], StatementRow | None]


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that profiles are of. ``own`` is this profile's, None where it says none; ``others`` has those of the
    other profiles, by name; ``names_unknown`` says whether stores that nobody has are told of this time."""

    profile: str
    own: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    names_unknown: bool = True


@dataclass(frozen=True, slots=True)
class OfStores:
    """The rows of a head office's file that were not read here: by profile those of its others, by store those of
    nobody's."""

    elsewhere: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


class OwnRows:
    """A reader of one profile's rows alone. Others are counted in ``elsewhere`` and ``unknown``."""

    def __init__(self, stores: Stores, table: Table, read: _Read) -> None:
        """``read`` takes the cells of a row that is the profile's own."""
        self._read = read
        self._own = store_key(stores.own or "")
        self._others = {store_key(name): profile for name, profile in stores.others.items()}
        self._store, self._receipt, self._when = (table.columns[name] for name in ("store", "receipt", "completed"))
        self._heading = normal(table.headings[self._store])
        self.elsewhere: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    def read(self, cells: list[str], line: int) -> StatementRow | None:
        """The row where it is the profile's own and can be read, else None."""
        cells = plain(cells)
        store = self._cell(cells, self._store)
        key = store_key(store)
        if key and key == self._own:
            return self._read(cells, line)
        if normal(store) == self._heading or not (self._cell(cells, self._receipt) or self._cell(cells, self._when)):
            return None  # the headings once more, a total, an empty line: no movement of anybody's
        if (profile := self._others.get(key)) is not None:
            self.elsewhere[profile] += 1
        else:
            name = store[:NAME_MOST]
            self.unknown[name if name in self.unknown or len(self.unknown) < NAMES_KEPT else FURTHER] += 1
        return None

    @staticmethod
    def _cell(cells: list[str], place: int) -> str:
        return cells[place].strip() if place < len(cells) else ""


def no_store_name(profile: str) -> InvalidInput:
    """The refusal of a head office's file where nothing says which of its rows are the profile's."""
    return InvalidInput(
        f"This is a head office's file: it names stores and no shortcode, and profile {profile} has no store_name.",
        hint="Nothing was read. Write the store's name as the file has it into the profile (store_name = \"…\"), check "
        "it with mpesa config check, then again:  mpesa reconcile --statement FILE",
        code="store-name-missing",
    )
