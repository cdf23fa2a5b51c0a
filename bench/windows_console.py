"""Under wine, at a console: a payment at the counter, and a listener that Ctrl-C ends. Called by .ci/windows on Linux.

    python bench/windows_console.py FOLDER PYTHON.EXE

FOLDER is where the Windows program starts, as Linux names it. Exits 1 where a screen does not show what it should.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[A-Za-z]|[\r\n]")
PATIENCE_S = 180
KEYS_APART_S = 1.0
CTRL_C, CTRL_Q, ENTER = b"\x03", b"\x11", b"\r"


class Console:
    """A program at a terminal of 100 by 30."""

    def __init__(self, folder: str, python: str, *argv: str) -> None:
        self.seen = b""
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", MPESA_HOME=r"C:\shop\console")
            os.execvp("wine", ["wine", python, "-m", "mpesa_cli", *argv])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

    def until(self, shown: bytes) -> None:
        """Read until the screen has shown this. Raises SystemExit where it does not come."""
        ends = time.monotonic() + PATIENCE_S
        while not re.search(shown, ESCAPES.sub(b"", self.seen)):
            if time.monotonic() > ends or not self._read():
                screen = ESCAPES.sub(b" ", self.seen)[-3000:].decode(errors="replace")
                sys.exit(f"{shown!r} was not shown, but:\n{screen}")

    def type(self, *keys: bytes) -> None:
        for each in keys:
            os.write(self._terminal, each)
            time.sleep(KEYS_APART_S)

    def status(self) -> int:
        """With what it ended."""
        while self._read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], PATIENCE_S)[0]:
            return False
        try:
            part = os.read(self._terminal, 65_536)
        except OSError:  # the other side has gone
            return False
        self.seen += part
        return bool(part)


def main() -> int:
    folder, python = sys.argv[1:]
    counter = Console(folder, python, "counter")
    counter.until(rb"F10 end")
    counter.type(b"254708374149", ENTER, b"150", ENTER)
    counter.until(rb"PAID.{0,80}KES 150")
    counter.type(CTRL_Q)
    listener = Console(folder, python, "listen", "--port", "0")
    listener.until(rb"Listening on http|Callbacks come to http")
    listener.type(CTRL_C)
    ends = {"counter": counter.status(), "listen": listener.status()}
    print(f"At a console: a payment at the counter, Ctrl-Q; a listener, Ctrl-C; they exited {ends}")
    return 0 if set(ends.values()) == {0} else 1


if __name__ == "__main__":
    sys.exit(main())
