"""A headless Chromium, told what to do through a pipe (its DevTools protocol). Not a test."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


class Browser:
    """One page of one browser."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = os.fdopen(to_browser, "wb", 0), os.fdopen(from_browser, "rb")
        self._number = 0
        self._session: str | None = None

    def open(self, url: str) -> None:
        target = self._ask("Target.createTarget", url=url)["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def value_of(self, expression: str) -> Any:
        return self._ask("Runtime.evaluate", expression=expression)["result"].get("value")

    def until(self, expression: str, timeout_s: float = 30) -> None:
        """Wait until this is true in the page."""
        deadline = time.monotonic() + timeout_s
        while self.value_of(expression) is not True:
            assert time.monotonic() < deadline, self.value_of("document.body.outerHTML.slice(0, 3000)")
            time.sleep(0.05)

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            said = json.loads(self._message())
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]

    def _message(self) -> bytes:
        read = bytearray()
        while (byte := self._in.read(1)) not in {b"\0", b""}:
            read += byte
        assert read, "the browser has gone"
        return bytes(read)

    def close(self) -> None:
        self._out.close()
        self._in.close()


@contextlib.contextmanager
def browser(chromium: str, folder: Path) -> Iterator[Browser]:
    """Chromium reads what it is to do from descriptor 3 and answers on 4."""
    its_in, our_out = os.pipe()
    our_in, its_out = os.pipe()
    command = f'exec "$@" 3<&{its_in} 4>&{its_out}'
    with subprocess.Popen(
        ["bash", "-c", command, "bash", chromium, *OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        pass_fds=(its_in, its_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:
        os.close(its_in)
        os.close(its_out)
        opened = Browser(our_out, our_in)
        try:
            yield opened
        finally:
            opened.close()
            process.terminate()
            process.wait(20)
