"""The only module that talks HTTP. Import it inside functions: httpx is most of a cold start.

One fact decides what a failure proves: whether httpx ever asked for the request's body. The body is
handed over through a gate (mpesa_cli/floor/gate.py), so this needs no trust in exception names, and a request that
was given up while a name look-up hung can't leave afterwards (ARCHITECTURE.md law 2).
"""

import logging
import queue
import ssl
import threading
import time
from collections.abc import Mapping

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.gate import Deadline, Gate, LateError
from mpesa_cli.floor.web_address import WebAddress
from mpesa_cli.floor.wire.exchange import HttpAnswer, Limits, NeverSent, NoAnswer, Outcome
from mpesa_cli.floor.wire.failures import explain_failure
from mpesa_cli.floor.wire.lean_httpx import httpx
from mpesa_cli.floor.wire.trust import Trust

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at DEBUG they would write headers into any log

_SLICE_S = 0.2  # how often the waiting side wakes, so that a signal's exception can end the wait
_MAX_RETRY_AFTER_S = 3600


class Wire:
    """HTTP to one host. Every request gets a connection of its own; none is retried, none redirected."""

    def __init__(
        self, base: WebAddress, limits: Limits, transport: httpx.BaseTransport | None = None,
        trust: Trust | None = None,
    ) -> None:
        """``transport`` answers inside the process; ``trust`` began to load before this module was imported.

        Raises SettingsError for a bad proxy or trust store.
        """
        self._base = base
        self._limits = limits
        self._embedded = transport is not None
        try:
            self._client = httpx.Client(
                transport=transport,
                verify=_context(trust, needed=base.is_https and not self._embedded),
                # Proxies are a real need in some shops, but never on the way to this machine itself.
                trust_env=base.is_https and not base.is_loopback and not self._embedded,
                timeout=httpx.Timeout(
                    connect=limits.connect_s, read=limits.read_s, write=limits.write_s, pool=limits.pool_s
                ),
                # A kept connection may be dead without our knowing, which turns a clean failure into doubt.
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                headers={
                    "user-agent": "mpesa-cli",  # without the version: looking it up costs 10 ms
                    "accept": "application/json",
                    "accept-encoding": "identity",  # so that the cap on an answer is the cap on its content
                },
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL):
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
        self._client.close()

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
        # With its length given, the body is not sent in chunks, which Daraja was never seen to take.
        length = {} if body is None else {"content-length": str(len(body))}
        content = body if gate is None or body is None else gate.passing()
        extensions = {} if gate is None or body is None else {"trace": gate.told}
        try:
            with self._client.stream(
                method, self._base.url + path, headers={**headers, **length}, content=content, extensions=extensions
            ) as response:
                answering = True
                return self._read(response)
        except LateError:
            return self._late()
        except Exception as error:  # whatever it is, the gate knows whether the body left
            if gate is None and not isinstance(error, httpx.HTTPError):
                raise  # a mistake inside the embedded transport must be seen as one
            code, words, again = explain_failure(error, self._base.host, answering=answering)
            left = _may_have_left(error) if gate is None else gate.opened
            return NoAnswer(code, words) if left else NeverSent(code, words, again)

    def _read(self, response: httpx.Response) -> HttpAnswer | NoAnswer:
        body = bytearray()
        # Embedded transports may hand over an answer that was read already.
        for part in [response.content] if response.is_stream_consumed else response.iter_raw():
            body += part
            if len(body) > self._limits.answer_bytes:
                return NoAnswer("too-large", f"an answer of more than {self._limits.answer_bytes} bytes")
        return HttpAnswer(
            response.status_code,
            bytes(body),
            response.headers.get("content-type", "")[:100],
            _seconds(response.headers.get("retry-after", "")),
        )


def _may_have_left(error: Exception) -> bool:
    return not isinstance(
        error,
        httpx.ConnectError
        | httpx.ConnectTimeout
        | httpx.PoolTimeout
        | httpx.ProxyError
        | httpx.UnsupportedProtocol
        | httpx.LocalProtocolError,
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
