"""Failures on the wire, as a stable slug and in words. Imported by http.py only: it needs httpcore."""

import socket
import ssl
from collections.abc import Iterator

import httpcore

FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError,
            httpcore.UnsupportedProtocol)
"""What httpcore raises where an exchange fails."""

_KINDS: tuple[tuple[type[Exception], str, str], ...] = (
    (httpcore.ConnectTimeout, "connect-timeout", "{next} did not take the connection in time"),
    (httpcore.PoolTimeout, "connect-timeout", "too many requests to {host} are waiting in this process"),
    (httpcore.ProxyError, "proxy", "the proxy did not let the request through to {host}"),
    (httpcore.ReadTimeout, "read-timeout", "{host} did not answer in time"),
    (httpcore.WriteTimeout, "write-timeout", "{host} did not take the request in time"),
    (httpcore.NetworkError, "connection-reset", "{host} broke the connection off before it answered"),
    (httpcore.RemoteProtocolError, "bad-http", "what came back from {host} is not HTTP"),
)


def explain_failure(error: Exception, host: str, *, answering: bool, proxy: str = "") -> tuple[str, str, bool]:
    """Slug, words, and whether the same request may succeed later.

    ``answering`` says that the head of an answer had already come; ``proxy`` is the host of the one on the way, to
    which connections are made. The words never quote an exception:
    httpcore's may carry the request, and a request carries secrets.
    """
    if isinstance(error, httpcore.ConnectError):
        return _no_connection(error, host, proxy)
    if answering and isinstance(error, httpcore.NetworkError | httpcore.RemoteProtocolError):
        return "truncated", f"the answer of {host} broke off in the middle", True
    if isinstance(error, httpcore.RemoteProtocolError) and "disconnected" in str(error):
        return "connection-closed", f"{host} closed the connection before it answered", True
    for kind, slug, words in _KINDS:
        if isinstance(error, kind):
            return slug, words.format(host=host, next=_next(host, proxy)), True
    return "local-error", f"the request could not be made ({type(error).__name__})", False


def may_have_left(error: Exception) -> bool:
    """Whether a body may have left, as far as the exception alone tells."""
    return not isinstance(
        error,
        httpcore.ConnectError
        | httpcore.ConnectTimeout
        | httpcore.PoolTimeout
        | httpcore.ProxyError
        | httpcore.UnsupportedProtocol
        | httpcore.LocalProtocolError,
    )


def _next(host: str, proxy: str) -> str:
    return f"the proxy {proxy}" if proxy else host


def _no_connection(error: httpcore.ConnectError, host: str, proxy: str) -> tuple[str, str, bool]:
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return "dns", f"the name {proxy or host} could not be looked up (DNS)", True
            case ssl.SSLCertVerificationError():
                return "tls", f"{host} did not prove who it is (TLS): {cause.verify_message}", True
            case ssl.SSLError():
                return "tls", f"no secure connection to {host} (TLS)", True
            case ConnectionRefusedError():
                return "connect-refused", f"{_next(host, proxy)} refused the connection", True
            case _:
                continue
    return "connect-failed", f"no connection to {_next(host, proxy)}", True


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
