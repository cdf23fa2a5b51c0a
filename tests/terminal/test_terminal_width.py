"""What people read fits their terminal, in its characters; what a pipe gets is never touched."""

import contextlib
import os
import pty
import re
import termios
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.terminal.redrawn import RedrawnLine
from mpesa_cli.terminal.streams import Streams
from mpesa_cli.terminal.table import Table, aligned
from mpesa_cli.terminal.width import cut, wrapped

Run = Callable[..., Any]
ESCAPES = re.compile(r"\x1b\[[0-9;]*[mK]")
WORDS = st.lists(st.text("abcXY.:1", min_size=1, max_size=12), min_size=1, max_size=30)


@given(WORDS, st.integers(20, 120), st.sampled_from(["", "  ", "      "]), st.booleans())
def test_wrapped_text_keeps_every_word_and_no_line_is_wider_than_the_screen(
    words: list[str], columns: int, indent: str, coloured: bool
) -> None:
    text = indent + ("\x1b[1;32mPAID\x1b[0m " if coloured else "") + " ".join(words)
    lines = wrapped(text, columns)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert max(len(ESCAPES.sub("", line)) for line in lines) <= columns


def test_a_command_at_the_end_of_a_line_is_copied_in_one_piece() -> None:
    hint = "  Nothing was sent. Wait 58 s, then run it again, or let it wait: mpesa push 0712345678 1500 --wait-turn"
    command = "mpesa push 0712345678 1500 --wait-turn"
    for columns in range(50, 120):
        assert [line for line in wrapped(hint, columns) if line.endswith(command)], columns


def test_what_goes_on_stands_below_its_label() -> None:
    assert wrapped("ok    " + "word " * 20, 40)[1].startswith("      word")


@given(
    st.integers(60, 140),
    st.lists(st.tuples(WORDS.map(" ".join), st.integers(0, 10**9), st.text("xyz", max_size=30)), min_size=1),
)
def test_a_table_fits_the_screen_and_leaves_nothing_out(columns: int, rows: list[tuple[str, int, str]]) -> None:
    cells = [[words, f"{number:,}", name] for words, number, name in rows]
    lines = aligned(Table(["what", "KES", "name"], cells, (1,), [["total", "1", ""]]), columns)
    assert max(map(len, lines)) <= columns
    shown = "".join("".join(lines).split())
    assert sorted(shown) == sorted("".join("".join(c for row in cells for c in row).split())
                                   + "whatKESnametotal1" + "─" * shown.count("─"))


@pytest.fixture
def lived(mpesa: Run) -> None:
    for order, phone in (("INV-2026-11-000123", "254708374149"), ("1043", "254700001032")):
        mpesa("push", phone, "150", "--order", order, "-q")


@pytest.mark.parametrize(("columns", "locale"), [(80, "C.UTF-8"), (60, "C")])
@pytest.mark.parametrize("argv", [
    "history", "history --summary", "log INV-2026-11-000123", "config show", "config check", "doctor", "doctor -v",
    "secrets list", "simulator scenarios", "trigger --list", "status 1043", "explain 1032", "status nosuch",
    "push 0708374149 x", "reconcile",
])
def test_every_screen_fits_the_width_of_its_terminal(
    lived: None, mpesa: Run, argv: str, columns: int, locale: str
) -> None:
    result = mpesa(*argv.split(), tty=True, columns=str(columns), env={"LC_ALL": locale})
    lines = [ESCAPES.sub("", line) for line in (result.stdout + result.stderr).splitlines()]
    assert [line for line in lines if len(line) > columns and " " in line.strip()] == []


@pytest.mark.parametrize(("environ", "seconds"), [
    ({}, r"…  \d+ s left$"), ({"LC_ALL": "C"}, r"\.\.\.  \d+ s left$"),
    ({"MPESA_LANGUAGE": "sw"}, r"…  sek \d+ zimebaki$"),
])
def test_the_live_line_is_cut_to_the_width_and_keeps_its_seconds(
    mpesa: Run, environ: dict[str, str], seconds: str
) -> None:
    said = mpesa("push", "0708374149", "150", "--order", "A", tty=True, columns="50", env=environ).stderr
    drawn = [ESCAPES.sub("", each) for each in re.split(r"[\r\n]", said)]
    assert [each for each in drawn if len(each) > 50] == []
    assert [each for each in drawn if re.search(seconds, each)]
    assert cut("Waiting for the customer", 12) == "Waiting fo…"


@pytest.mark.parametrize("argv", ["push 0708374149 150", "history", "config show", "doctor", "history --summary"])
def test_a_terminal_without_utf8_gets_plain_characters_and_a_pipe_gets_all(
    lived: None, mpesa: Run, argv: str
) -> None:
    shown = mpesa(*argv.split(), tty=True, columns="80", env={"LC_ALL": "C"})
    assert (shown.stdout + shown.stderr).isascii()
    if argv.startswith("push"):
        assert "0708***149" in shown.stderr
        assert "..." in shown.stderr
        assert "…" in mpesa("push", "0711111111", "150", env={"LC_ALL": "C"}).stderr


@pytest.fixture
def terminal() -> Iterator[Any]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stream:
        yield stream
    os.close(ours)


def test_what_is_typed_while_somebody_waits_is_not_shown_and_echo_comes_back(terminal: Any) -> None:
    def echo() -> int:
        return termios.tcgetattr(terminal.fileno())[3] & termios.ECHO

    streams = Streams(terminal, terminal, terminal, {"TERM": "xterm"})
    assert echo()
    with contextlib.suppress(KeyboardInterrupt), RedrawnLine(streams):
        assert not echo()
        raise KeyboardInterrupt
    assert echo()
