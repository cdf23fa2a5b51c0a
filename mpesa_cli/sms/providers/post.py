"""One POST to a provider. Import it inside functions: httpx is slow to load.

What a failure proves is decided by one fact: whether httpx ever asked for the body. The body passes a gate
(mpesa_cli/floor/gate.py) that can be shut for good, so a request that hung in a name look-up, or in a process that was
frozen, can't leave after it was given up.
"""

import logging
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx  # noqa: TID253 - this module is itself only imported inside functions

from mpesa_cli.floor.gate import Deadline, Gate, LateError
from mpesa_cli.sms.providers.address import Address

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at DEBUG they would write the key into a log

CONNECT_S = 5.0
READ_S = 15.0
TOTAL_S = 20.0
ANSWER_BYTES = 64 * 1024
_HEADERS = {"user-agent": "mpesa-cli", "accept": "application/json", "accept-encoding": "identity"}
_LOOK_EVERY_S = 0.2  # how often the waiting side wakes, so that a signal can end the wait


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that the body never left."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The body left, at least in part, and no whole answer came back."""

    code: str
    words: str


Posted: TypeAlias = Answer | NotSent | NoAnswer


def post(to: Address, headers: Mapping[str, str], body: bytes, *, total_s: float = TOTAL_S) -> Posted:
    """POST once: no retry, no redirect, TLS always verified. Raises only what interrupts the wait."""
    gate = Gate(body, Deadline(total_s))
    outcomes: queue.SimpleQueue[Posted] = queue.SimpleQueue()
    worker = threading.Thread(target=lambda: outcomes.put(_exchange(to, headers, body, gate)), daemon=True)
    try:
        worker.start()
    except RuntimeError:
        return NotSent("local-error", "this machine could not start another thread")
    deadline = time.monotonic() + total_s
    try:
        while (left := deadline - time.monotonic()) > 0:
            try:
                return outcomes.get(timeout=min(left, _LOOK_EVERY_S))
            except queue.Empty:
                continue
    except BaseException:
        gate.shut()
        raise
    if gate.shut():
        return NotSent("connect-timeout", f"no connection to {to.host} within {total_s:g} s")
    return NoAnswer("total-timeout", f"no whole answer from {to.host} within {total_s:g} s")


def _exchange(to: Address, headers: Mapping[str, str], body: bytes, gate: Gate) -> Posted:
    answering = False
    try:
        with (
            httpx.Client(
                verify=httpx.create_ssl_context() if to.https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=not to.local,
                timeout=httpx.Timeout(connect=CONNECT_S, read=READ_S, write=READ_S, pool=CONNECT_S),
                follow_redirects=False,
                headers=_HEADERS,
            ) as client,
            client.stream(
                "POST", to.url, content=gate.passing(), headers={**headers, "content-length": str(len(body))},
                extensions={"trace": gate.told},
            ) as response,
        ):
            answering = True
            return _read(response, to)
    except LateError:
        return NotSent("late", "the time in which it may be sent was over")
    except Exception as error:  # noqa: BLE001 - whatever it is, the gate knows whether the body left
        code, words = _explain(error, to.host, answering=answering)
        return NoAnswer(code, words) if gate.opened else NotSent(code, words)


def _read(response: httpx.Response, to: Address) -> Answer | NoAnswer:
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > ANSWER_BYTES:
            return NoAnswer("too-large", f"{to.host} answered with more than {ANSWER_BYTES} bytes")
    return Answer(response.status_code, bytes(body))


def _explain(error: Exception, host: str, *, answering: bool) -> tuple[str, str]:
    """A slug and words. Never the exception's own text: it can carry the request, and with it the key."""
    causes = list(_causes(error))
    for kind, slug, words in (
        (socket.gaierror, "dns", "the name {host} could not be looked up (DNS)"),
        (ssl.SSLError, "tls", "no secure connection to {host} (TLS)"),
        (ConnectionRefusedError, "connect-refused", "{host} refused the connection"),
        (httpx.ConnectTimeout, "connect-timeout", "{host} did not take the connection in time"),
        (httpx.ProxyError, "proxy", "the proxy did not let the request through to {host}"),
        (httpx.ReadTimeout, "read-timeout", "{host} did not answer in time"),
        (httpx.WriteTimeout, "write-timeout", "{host} did not take the request in time"),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return slug, words.format(host=host)
    if answering:
        return "truncated", f"the answer of {host} broke off in the middle"
    if isinstance(error, httpx.HTTPError):
        return "connection-closed", f"{host} closed the connection before it answered"
    return "local-error", f"the request could not be made ({type(error).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
