"""Transports of httpx for the program, which takes httpcore's, and the other way round."""

import httpcore
import httpx


class OfHttpx:
    """A transport of httpx, as `httpx.MockTransport`, that takes httpcore's requests and raises its exceptions."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        url = httpx.URL(
            scheme=request.url.scheme.decode(),
            host=request.url.host.decode(),
            port=request.url.port,
            raw_path=request.url.target,
        )
        asked = httpx.Request(
            request.method.decode(),
            url,
            headers=request.headers,
            content=b"".join(request.stream),
            extensions=request.extensions,
        )
        try:
            answer = self._transport.handle_request(asked)
            body = answer.read()
        except httpx.HTTPError as error:
            raise getattr(httpcore, type(error).__name__)(str(error)) from error
        return httpcore.Response(answer.status_code, headers=answer.headers.raw, content=body)

    def close(self) -> None:
        self._transport.close()


class OfHttpcore(httpx.BaseTransport):
    """A transport of the program for a client of httpx."""

    def __init__(self, transport: object) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(str(request.url))
        asked = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.read(), extensions=request.extensions
        )
        try:
            answer = self._transport.handle_request(asked)
            body = answer.read()
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise getattr(httpx, type(error).__name__)(str(error), request=request) from error
        return httpx.Response(answer.status, headers=answer.headers, content=body)


def taken(transport: object) -> object:
    """What a test gives, as the program takes it."""
    return OfHttpx(transport) if isinstance(transport, httpx.BaseTransport) else transport
