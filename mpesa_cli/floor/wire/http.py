"""The only module on the way of the money that talks HTTP. Import it inside functions: it takes a tenth of a push.

It uses httpcore, on which httpx stands: that one's cookies, redirects, decoding and forms are not wanted here, and
importing them costs as much again. One fact decides what a failure proves: whether it ever asked for the request's
body. The body is
handed over through a gate (mpesa_cli/floor/gate.py), so this needs no trust in exception names, and a request that
was given up while a name look-up hung can't leave afterwards (ARCHITECTURE.md law 2).
"""

import contextlib
import logging
import queue
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import httpcore

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.gate import Deadline, Gate, LateError
from mpesa_cli.floor.web_address import WebAddress
from mpesa_cli.floor.wire.exchange import HttpAnswer, Limits, NeverSent, NoAnswer, Outcome
from mpesa_cli.floor.wire.failures import FAILURES, explain_failure, may_have_left
from mpesa_cli.floor.wire.proxies import proxy_to
from mpesa_cli.floor.wire.trust import Trust

if TYPE_CHECKING:
    from mpesa_cli.floor.wire.transport import Transport

logging.getLogger("httpcore").setLevel(logging.WARNING)  # at DEBUG it would write headers into any log

_SLICE_S = 0.2  # how often the waiting side wakes, so that a signal's exception can end the wait
_MAX_RETRY_AFTER_S = 3600


class Wire:
    """HTTP to one host. Every request gets a connection of its own; none is retried, none redirected."""

    def __init__(
        self, base: WebAddress, limits: Limits, transport: "Transport | None" = None, trust: Trust | None = None
    ) -> None:
        """``transport`` answers inside the process; ``trust`` began to load before this module was imported.

        Raises SettingsError for a bad proxy or trust store.
        """
        self._base = base
        self._limits = limits
        self._embedded = transport is not None
        self._waits = {
            "connect": limits.connect_s, "read": limits.read_s, "write": limits.write_s, "pool": limits.pool_s
        }  # fmt: skip
        self._proxy = ""  # its host
        try:
            # Proxies are a real need in some shops, but never on the way to this machine itself.
            proxy = proxy_to(base) if base.is_https and not base.is_loopback and transport is None else None
            self._proxy = proxy.url.host.decode("ascii") if proxy else ""
            self._transport = transport or httpcore.ConnectionPool(
                ssl_context=_context(trust, needed=base.is_https),
                proxy=proxy,
                max_connections=None,
                # A kept connection may be dead without our knowing, which turns a clean failure into doubt.
                max_keepalive_connections=0,
            )
        except (OSError, ValueError, ImportError):
            raise SettingsError(
                "The proxy or the certificate store that the environment names can't be used.",
                hint="Nothing was sent. Check HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, "
                "then run: mpesa config check --live",
                code="invalid-proxy",
            ) from None

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        by: Deadline | None = None,
    ) -> Outcome:
        """Send one request and read its whole answer. Never raises, except what interrupts the wait.

        A body leaves before ``by`` or never; an answer to it may then take its own time. Without a body the whole
        exchange ends by then.
        """
        by = by or Deadline(self._limits.total_s)
        if by.left_s() <= 0:
            return self._late()
        if self._embedded:
            return self._attempt(method, path, headers, body, gate=None)
        gate = Gate(body, by)
        outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        worker = threading.Thread(
            target=lambda: outcomes.put(self._attempt(method, path, headers, body, gate)), daemon=True
        )
        try:
            worker.start()
        except RuntimeError:
            return NeverSent("local-error", "this machine could not start another thread", again=False)
        total_s = self._limits.total_s if body is not None else min(self._limits.total_s, by.left_s())
        return self._await(outcomes, gate, total_s)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _await(self, outcomes: "queue.SimpleQueue[Outcome]", gate: Gate, total_s: float) -> Outcome:
        deadline = time.monotonic() + total_s
        try:
            while (left := deadline - time.monotonic()) > 0 and not gate.is_late:
                try:
                    return outcomes.get(timeout=min(left, _SLICE_S))
                except queue.Empty:
                    continue
        except BaseException:
            gate.shut()  # interrupted: what has not left yet must not leave later
            raise
        within = f"within {total_s:g} s"
        if not gate.shut():
            return NoAnswer("total-timeout", f"no whole answer from {self._base.host} {within}")
        if gate.is_late and gate.is_connected:
            return self._late()
        return NeverSent("connect-timeout", f"no connection to {self._base.host} {within}", again=True)

    def _late(self) -> NeverSent:
        return NeverSent("late", "the time in which it may be sent was over", again=False)

    def _attempt(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, gate: Gate | None
    ) -> Outcome:
        answering = False
        try:
            response = self._transport.handle_request(self._request(method, path, headers, body, gate))
            answering = True
            try:
                return self._read(response)
            finally:
                with contextlib.suppress(*FAILURES):  # what is known by now stays known
                    response.close()
        except LateError:
            return self._late()
        except Exception as error:  # whatever it is, the gate knows whether the body left
            if gate is None and not isinstance(error, FAILURES):
                raise  # a mistake inside the embedded transport must be seen as one
            code, words, again = explain_failure(error, self._base.host, answering=answering, proxy=self._proxy)
            left = may_have_left(error) if gate is None else gate.opened
            return NoAnswer(code, words) if left else NeverSent(code, words, again)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, gate: Gate | None
    ) -> httpcore.Request:
        url = httpcore.URL(self._base.url + path)
        sent = {
            "Host": self._base.url.split("/")[2],  # with its port, and an IPv6 address in its brackets
            "Connection": "keep-alive",
            "user-agent": "mpesa-cli",  # without the version: looking it up costs 10 ms
            "accept": "application/json",
            "accept-encoding": "identity",  # so that the cap on an answer is the cap on its content
            **headers,
        }
        extensions: dict[str, object] = {"timeout": self._waits}
        content: bytes | Iterator[bytes] = body or b""
        if body is not None:
            # With its length given, the body is not sent in chunks, which Daraja was never seen to take.
            sent["content-length"] = str(len(body))
            if gate is not None:
                content, extensions["trace"] = gate.passing(), gate.told
        return httpcore.Request(method, url, headers=list(sent.items()), content=content, extensions=extensions)

    def _read(self, response: httpcore.Response) -> HttpAnswer | NoAnswer:
        body = bytearray()
        for part in response.iter_stream():
            body += part
            if len(body) > self._limits.answer_bytes:
                return NoAnswer("too-large", f"an answer of more than {self._limits.answer_bytes} bytes")
        said = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        return HttpAnswer(
            response.status, bytes(body), said.get(b"content-type", "")[:100], _seconds(said.get(b"retry-after", ""))
        )


def _context(trust: Trust | None, *, needed: bool) -> ssl.SSLContext:
    """The trust store; an empty one, which costs nothing and trusts nobody, where TLS is not used."""
    if needed:
        return (trust or Trust()).context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _seconds(retry_after: str) -> int | None:
    if not (retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10):
        return None
    return min(int(retry_after), _MAX_RETRY_AFTER_S)
