"""CSV cells: whatever is written is read back, and no spreadsheet takes a cell for a formula."""

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from mpesa_cli.terminal.csv_rows import csv_text, harmless

SIGNS = "=+-@\t\r\n＝＋－＠"
cells = st.one_of(
    st.none(), st.integers(0, 10**12),
    st.text(st.one_of(st.sampled_from(SIGNS + '",; a1'), st.characters(codec="utf-8", exclude_characters="\0"))),
)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=6)))
@example([[""]])
@example([[None], ["a"]])
@example([["-1"]])
@example([["a", "+1"]])
@example([["a"], ["+1"]])
@example([["a"], ["-1"]])
@example([["a", "-1"]])
@example([["\rx"], ["\nx"]])
def test_every_cell_is_read_back_and_none_is_a_formula(rows: list[list[str | int | None]]) -> None:
    text = csv_text(rows)
    read = list(csv.reader(io.StringIO(text, newline="")))
    safe = [["" if c is None else harmless(c) if isinstance(c, str) else str(c) for c in row] for row in rows]
    assert read == safe
    assert text.endswith("\r\n")
    assert not [cell for row in read for cell in row if cell.startswith(tuple(SIGNS))]


@given(st.lists(st.tuples(st.text("abc 123.:"), st.integers(0, 99), st.text("xyz")), min_size=1, max_size=5))
def test_a_plain_page_is_the_one_that_csv_would_write(rows: list[tuple[str, int, str]]) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    assert csv_text(rows) == written.getvalue()
