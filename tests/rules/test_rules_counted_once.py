"""What is told twice counts once: reversals by their receipts, spans of time by their union."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.state import Terms, attempt_view
from mpesa_cli.rules.values.spans import holes, union

S = 1_000_000
PAID = (
    ev.Sending(1 * S, 1), ev.Accepted(2 * S, 1, "M", "ws_CO_A"), ev.Received(9 * S, "callback", "UKO4Q7WX2B", 15_000),
)
spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def test_a_reversal_that_two_records_tell_counts_once() -> None:
    told = [ev.Reversed(at * S, source, "UKO4Q7WX2B", "UKO4Q7WX9Z", 5_000) for at, source in
            ((20, "statement"), (30, "pull"))]
    assert attempt_view(Terms(15_000, "254708374149"), [*PAID, *told]).reversed_cents == 5_000


@given(spans)
def test_a_union_covers_what_any_of_its_spans_covers_and_its_holes_the_rest(drawn: list[tuple[int, int]]) -> None:
    joined = union(drawn)
    for moment in range(31):
        assert any(a <= moment < b for a, b in joined) is any(a <= moment < b for a, b in drawn)
    assert all(one[1] < other[0] for one, other in pairwise(joined))
    left = holes((5, 25), drawn)
    for moment in range(31):
        untold = 5 <= moment < 25 and not any(a <= moment < b for a, b in drawn)
        assert any(a <= moment < b for a, b in left) is untold
