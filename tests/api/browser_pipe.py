"""A headless Chromium, told what to do through a pipe (its DevTools protocol). Not a test."""

import base64
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


class NoPageYetError(Exception):
    """The page is being loaded."""


class Browser:
    """One page of one browser."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = os.fdopen(to_browser, "wb", 0), os.fdopen(from_browser, "rb")
        self._number = 0
        self._session: str | None = None

    def open(self, url: str) -> None:
        target = self._ask("Target.createTarget", url=url)["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def go(self, url: str) -> None:
        """Another address in the same page."""
        self._ask("Page.navigate", url=url)

    def size(self, width: int, height: int) -> None:
        """The size of the window, as of a phone or a screen."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str) -> None:
        """Light or dark, as the person's system says."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def before_each_page(self, script: str) -> None:
        """Run this in every page before its own."""
        self._ask("Page.enable")
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)

    def picture(self) -> bytes:
        """The whole page as a PNG, however high."""
        said = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(said["data"])

    def printed(self) -> bytes:
        """The page on A4 as a PDF."""
        return base64.b64decode(self._ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])

    def value_of(self, expression: str) -> Any:
        """What this is in the page; a promise is waited for."""
        said = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def until(self, expression: str, timeout_s: float = 30) -> None:
        """Wait until this is true in the page."""
        deadline = time.monotonic() + timeout_s
        while not self._is_true(expression):
            assert time.monotonic() < deadline, self.value_of("document.body.outerHTML.slice(0, 3000)")
            time.sleep(0.05)

    def _is_true(self, expression: str) -> bool:
        """Whether this is true by now; not while the page is being changed for another one."""
        try:
            return self.value_of(expression) is True
        except NoPageYetError:
            return False

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            said = json.loads(self._message())
            if said.get("id") == self._number:
                if "context" in said.get("error", {}).get("message", ""):
                    raise NoPageYetError
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
