"""The sums of a statement's rows, and whether its own last line agrees with them."""

from dataclasses import field

from mpesa_cli.floor.records import dataclass


@dataclass(slots=True)
class Totals:
    """The money in and out, in cents, both 0 or more: of completed rows, and of the others (``aside_``).

    ``moved`` holds what went, below 0, and what came: each row is added at the index ``amount > 0``.
    """

    moved: list[int] = field(default_factory=lambda: [0, 0])
    aside_came_cents: int = 0
    aside_went_cents: int = 0

    @property
    def came_cents(self) -> int:
        """The money that came, of completed rows."""
        return self.moved[1]

    @property
    def went_cents(self) -> int:
        """The money that went, of completed rows, charges and reversals with it."""
        return -self.moved[0]

    def add_aside(self, came_cents: int | None, went_cents: int | None) -> None:
        """Take a row that was not completed: some totals count it."""
        self.aside_came_cents += abs(came_cents or 0)
        self.aside_went_cents += abs(went_cents or 0)

    def agree(self, came_cents: int, went_cents: int) -> bool:
        """Whether the file's own totals are those of its completed rows, or of all of them."""
        stated = (abs(came_cents), abs(went_cents))
        return stated in {
            (self.came_cents, self.went_cents),
            (self.came_cents + self.aside_came_cents, self.went_cents + self.aside_went_cents),
        }
