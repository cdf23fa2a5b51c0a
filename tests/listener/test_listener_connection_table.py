"""The table of connections that owe a request, on a clock that is moved by hand."""

from mpesa_cli.listener.server.connections import ConnectionTable


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeConnection:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def table_of(most: int = 3) -> tuple[ConnectionTable, Clock]:
    clock = Clock()
    return ConnectionTable(most=most, deadline_s=10, clock=clock), clock


def opened(table: ConnectionTable) -> FakeConnection:
    connection = FakeConnection()
    assert table.opened()
    table.owes(connection)
    return connection


def test_who_owes_for_too_long_is_cut_off_and_the_others_are_not() -> None:
    table, clock = table_of()
    first = opened(table)
    clock.now = 6
    second = opened(table)
    clock.now = 10

    assert table.cut_off_overdue() == 1
    assert (first.aborted, second.aborted) == (True, False)


def test_a_body_has_a_time_of_its_own_once_the_head_is_there() -> None:
    table, clock = table_of()
    connection = opened(table)
    clock.now = 9
    table.owes(connection)
    clock.now = 18

    assert table.cut_off_overdue() == 0
    clock.now = 19
    assert table.cut_off_overdue() == 1


def test_a_newcomer_gets_in_and_the_longest_owing_one_makes_room() -> None:
    table, _ = table_of(most=2)
    first, second = opened(table), opened(table)
    third = opened(table)

    assert (first.aborted, second.aborted, third.aborted) == (True, False, False)


def test_nobody_whose_request_is_being_answered_makes_room() -> None:
    table, _ = table_of(most=2)
    first, second = opened(table), opened(table)
    table.settled(first)
    third = opened(table)

    assert (first.aborted, second.aborted) == (False, True)
    table.closed(second)
    table.settled(third)
    assert not table.opened()


def test_a_connection_that_is_gone_leaves_its_place() -> None:
    table, _ = table_of(most=1)
    first = opened(table)
    table.closed(first)
    second = opened(table)

    assert not second.aborted
    assert not first.aborted
