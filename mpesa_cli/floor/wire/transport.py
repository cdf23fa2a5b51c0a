"""Carriers of requests to a server: httpcore's pool of connections, or a stand-in inside this process."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpcore


class Transport(Protocol):
    """A carrier of requests. It raises httpcore's exceptions where one fails."""

    def handle_request(self, request: "httpcore.Request") -> "httpcore.Response":
        """The answer to a request; its body is read from it afterwards, and then it is closed."""

    def close(self) -> None:
        """Close what is open."""
