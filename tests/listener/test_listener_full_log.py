"""The listener's lines go to a file whose disk is full: the lines are lost, callbacks are not."""

import io
from typing import Any

import pytest

from mpesa_cli.cli.listener.screen import Screen
from mpesa_cli.listener.events import Event
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams


class Full(io.StringIO):
    """A file on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


class Listener:
    """Remembers whether it was stopped."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize("as_json", [False, True])
def test_a_log_that_takes_nothing_stops_no_listener(as_json: bool) -> None:
    streams = Streams(stdin=io.StringIO(), stdout=Full(), stderr=io.StringIO(), environ={})
    screen, listener = Screen(Runtime(streams=streams, environ={}), as_json=as_json, until=None), Listener()
    running: Any = listener
    screen.running = running
    screen.show(Event("repeat", 1_795_505_400_000_000))
    assert not listener.stopped
