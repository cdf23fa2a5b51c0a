"""Failures on the wire, as a stable slug and in words. Imported by http.py only: it needs httpx."""

import socket
import ssl
from collections.abc import Iterator

from mpesa_cli.floor.wire.lean_httpx import httpx

_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.ConnectTimeout, "connect-timeout", "{host} did not take the connection in time"),
    (httpx.PoolTimeout, "connect-timeout", "too many requests to {host} are waiting in this process"),
    (httpx.ProxyError, "proxy", "the proxy did not let the request through to {host}"),
    (httpx.ReadTimeout, "read-timeout", "{host} did not answer in time"),
    (httpx.WriteTimeout, "write-timeout", "{host} did not take the request in time"),
    (httpx.NetworkError, "connection-reset", "{host} broke the connection off before it answered"),
    (httpx.RemoteProtocolError, "bad-http", "what came back from {host} is not HTTP"),
)


def explain_failure(error: Exception, host: str, *, answering: bool) -> tuple[str, str, bool]:
    """Slug, words, and whether the same request may succeed later.

    ``answering`` says that the head of an answer had already come. The words never quote an exception:
    httpx's carry the request, and a request carries secrets.
    """
    if isinstance(error, httpx.ConnectError):
        return _no_connection(error, host)
    if answering and isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return "truncated", f"the answer of {host} broke off in the middle", True
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" in str(error):
        return "connection-closed", f"{host} closed the connection before it answered", True
    for kind, slug, words in _KINDS:
        if isinstance(error, kind):
            return slug, words.format(host=host), True
    return "local-error", f"the request could not be made ({type(error).__name__})", False


def _no_connection(error: httpx.ConnectError, host: str) -> tuple[str, str, bool]:
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return "dns", f"the name {host} could not be looked up (DNS)", True
            case ssl.SSLCertVerificationError():
                return "tls", f"{host} did not prove who it is (TLS): {cause.verify_message}", True
            case ssl.SSLError():
                return "tls", f"no secure connection to {host} (TLS)", True
            case ConnectionRefusedError():
                return "connect-refused", f"{host} refused the connection", True
            case _:
                continue
    return "connect-failed", f"no connection to {host}", True


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
