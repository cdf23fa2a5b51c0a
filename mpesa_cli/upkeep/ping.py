"""Pings to a monitoring address: a run has begun, and how it ended, in the form of healthchecks.

``URL/start``, then ``URL`` where all is well, else ``URL/<exit status>``. The address is as good as a password, so
only its host is ever shown; and whatever happens to a ping changes nothing about the run.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from mpesa_cli.floor.errors import InvalidInput, MpesaError
from mpesa_cli.floor.web_address import NoWebAddressError, web_address

TIMEOUT_S = 10.0


class Pinging:
    """Pings around a ``with`` block. Does nothing where no address was given."""

    def __init__(self, url: str | None, complain: Callable[[str], None]) -> None:
        """Raises InvalidInput for what is no web address."""
        try:
            self._host = web_address(url).host if url else ""
        except NoWebAddressError:
            raise InvalidInput(
                "The address of --ping is no web address.",
                hint="Nothing was done. Right: mpesa reconcile --ping https://hc.example.org/ping/KEY",
                code="invalid-url",
            ) from None
        self._parts = urlsplit(url) if url else None
        self._complain = complain
        self._status: int | None = None

    def ended(self, status: int) -> None:
        """Note the exit status with which the run ended."""
        self._status = status

    def __enter__(self) -> Self:
        """Say that it begins."""
        self._ping("/start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how it ended; an error's exit status where it did not end by itself."""
        status = self._status
        if status is None:
            status = int(raised.exit_status) if isinstance(raised, MpesaError) else 1
        self._ping(f"/{status}" if status else "")

    def _ping(self, ending: str) -> None:
        parts = self._parts
        if parts is None:
            return
        # A ping is one GET with no secret but its address, so the standard library does: no proxy, as everywhere.
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import ProxyHandler, build_opener

        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending, fragment=""))
        try:
            build_opener(ProxyHandler({})).open(url, timeout=TIMEOUT_S).close()
        except HTTPError as refused:
            refused.close()
            self._complain(f"{self._host} did not take the ping (HTTP {refused.code}). The run goes on.")
        except (OSError, ValueError, HTTPException) as failed:
            self._complain(f"{self._host} could not be pinged ({type(failed).__name__}). The run goes on.")
