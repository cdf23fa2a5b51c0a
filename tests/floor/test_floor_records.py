"""Our dataclass against the standard library's: the same classes, made by both, say and do the same."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor import records

Maker = Callable[..., Any]


def classes(dataclass: Maker) -> Any:
    """Every shape that the program's records have, made by one of the two decorators."""

    class Shapes:
        @dataclass(frozen=True, slots=True)
        class Plain:
            """Two fields that must be given."""

            a: int
            b: str

        @dataclass(frozen=True, slots=True)
        class Defaults:
            """Defaults, a list of its own, a field that is not shown and one that is not compared."""

            a: int
            b: str = "x"
            c: list[int] = dataclasses.field(default_factory=list)
            hidden: str = dataclasses.field(default="secret", repr=False)
            aside: int = dataclasses.field(default=0, compare=False)

            @property
            def double(self) -> int:
                """Twice the first."""
                return self.a * 2

        @dataclass(frozen=True, slots=True)
        class Nothing:
            """No field."""

        @dataclass(slots=True)
        class Open:
            """One that changes, with a field that is made and checked at the end."""

            a: int
            later: list[int] = dataclasses.field(init=False, default_factory=list)
            last: int = dataclasses.field(init=False)

            def __post_init__(self) -> None:
                """The last, from the first."""
                self.last = self.a + 1

        @dataclass(frozen=True, slots=True)
        class OwnWords:
            """Its own repr and its own comparison."""

            a: int

            def __repr__(self) -> str:
                return "mine"

            def __eq__(self, other: object) -> bool:
                return isinstance(other, type(self))

            def __hash__(self) -> int:
                return 7

    @dataclass(frozen=True, slots=True)
    class Child(Shapes.Plain):  # type: ignore[misc,name-defined]
        """One more field than its parent."""

        c: int = 3

    Shapes.Child = Child  # type: ignore[attr-defined]
    return Shapes


OURS, THEIRS = classes(records.dataclass), classes(dataclasses.dataclass)
NAMES = ["Plain", "Defaults", "Nothing", "Open", "OwnWords", "Child"]
values = st.one_of(st.integers(-3, 3), st.text(max_size=2))


def done(action: Callable[[], Any]) -> Any:
    """What it gave, or which error it raised."""
    try:
        return action()
    except Exception as failed:  # noqa: BLE001 - whatever it is, the other must raise it too
        return type(failed).__name__


def refused(action: Callable[[], Any]) -> bool:
    """Whether it was refused: Python 3.11 raises TypeError for a name that is no field of a class with slots."""
    return done(action) in {"AttributeError", "FrozenInstanceError", "TypeError"}


def seen(shapes: Any, name: str, args: list[Any], named: dict[str, Any]) -> Any:
    """All that can be seen of one instance."""
    cls = getattr(shapes, name)
    one = done(lambda: cls(*args, **named))
    if isinstance(one, str):
        return one
    again = cls(*args, **named)
    return {
        "repr": repr(one).replace(cls.__qualname__, name),
        "equal": one == again, "unequal": one != again, "a tuple": one == tuple(args),
        "hash": done(lambda: hash(one) == hash(again)),
        "dict": dataclasses.asdict(one),
        "replaced": done(lambda: dataclasses.asdict(dataclasses.replace(one, a=9))),
        "set": refused(lambda: setattr(one, "a", 5)), "delete": refused(lambda: delattr(again, "a")),
        "unknown": refused(lambda: setattr(one, "zzz", 5)),
        "after": done(lambda: dataclasses.asdict(one)),
    }


@given(name=st.sampled_from(NAMES), args=st.lists(values, max_size=4),
       named=st.dictionaries(st.sampled_from(["a", "b", "c", "later", "hidden", "aside"]), values, max_size=3))
def test_a_record_says_and_does_what_the_standard_library_s_dataclass_does(
    name: str, args: list[Any], named: dict[str, Any]
) -> None:
    assert seen(OURS, name, args, named) == seen(THEIRS, name, args, named)


@given(name=st.sampled_from(["Plain", "Defaults", "Child", "OwnWords"]), one=st.lists(values, min_size=2, max_size=2),
       other=st.lists(values, min_size=2, max_size=2))
def test_records_are_equal_where_those_of_the_standard_library_are(name: str, one: list[Any], other: list[Any]) -> None:
    ours, theirs = getattr(OURS, name), getattr(THEIRS, name)
    one, other = one[: len(ours.__match_args__)], other[: len(ours.__match_args__)]
    assert (ours(*one) == ours(*other)) == (theirs(*one) == theirs(*other))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_class_tells_of_itself_is_the_same(name: str) -> None:
    ours, theirs = getattr(OURS, name), getattr(THEIRS, name)
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert ours.__doc__ == theirs.__doc__
    told = [[(f.name, f.type, f.init, f.repr, f.compare) for f in dataclasses.fields(cls)] for cls in (ours, theirs)]
    assert told[0] == told[1]


def test_a_record_without_a_docstring_is_made_without_reading_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library makes a docstring of the signature: `inspect` takes 3 ms for the first of a process."""
    asked: list[object] = []
    monkeypatch.setattr(inspect, "signature", lambda *said, **named: asked.append(said) or "()")

    class Ours:
        a: int

    class Theirs:
        a: int

    assert (records.dataclass(frozen=True, slots=True)(Ours).__doc__, asked) == ("Ours", [])
    dataclasses.dataclass(frozen=True, slots=True)(Theirs)
    assert len(asked) == 1


def test_a_list_by_default_is_each_record_s_own() -> None:
    one, other = OURS.Defaults(1), OURS.Defaults(1)
    one.c.append(5)
    assert other.c == []


def test_a_parent_and_its_child_are_never_equal() -> None:
    assert OURS.Plain(1, "x") != OURS.Child(1, "x")
