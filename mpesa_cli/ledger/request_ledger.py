"""What the asynchronous APIs and `verify` need of durable memory: a part of the Ledger protocol (ledger.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState, ResultChannel
    from mpesa_cli.initiator.verdict import Shown
    from mpesa_cli.rules.payment import AttemptRef
    from mpesa_cli.rules.statement_row import StatementRow

BODIES_OF_REQUEST_MAX = 8
"""How many different bodies of one request are kept. Daraja sends one; two where it contradicts itself."""


@dataclass(frozen=True, slots=True)
class ResultBody:
    """One body that came for a request, as it came, less a credential that it may have repeated."""

    callback_id: str
    request_id: str
    channel: ResultChannel
    received_us: int
    peer: str
    body: bytes


class RequestReads(Protocol):
    """What can be asked about requests and receipts."""

    def request_by_token(self, token_hash: str) -> str | None:
        """The id of the request whose address has the token with this SHA-256, or None."""

    def api_request(self, request_id: str) -> ApiRequest | None:
        """The request, or None."""

    def newest_request(self, command: str, subject: str) -> ApiRequest | None:
        """The newest request of this kind about this subject, or None."""

    def requests_since(self, command: str, since_us: int) -> Sequence[ApiRequest]:
        """Requests of this kind that were made since, oldest first."""

    def unread_results(self, request_id: str = "") -> Sequence[ResultBody]:
        """Bodies that were stored and not yet applied, of one request or of all, oldest first."""

    def reversals_of(self, receipt: str) -> Sequence[StatementRow]:
        """Statement rows that say that this receipt's money went back, oldest first."""

    def shown_receipts(self, receipt: str) -> Sequence[Shown]:
        """For which orders a receipt was shown, oldest first."""


class RequestWrites(Protocol):
    """What can be written about requests and receipts in one transaction."""

    def open_request(self, request: ApiRequest, token_hash: str) -> None:
        """Record what is about to be asked, before anything is sent."""

    def note_answer(self, request_id: str, state: RequestState, conversation_id: str, originator_id: str) -> None:
        """Note what the POST came to. A result that came before stays."""

    def store_result(self, request_id: str, channel: ResultChannel, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a body; returns its id, or None where the same body was stored before.

        Raises Conflict ``too-many-bodies`` where BODIES_OF_REQUEST_MAX different ones were.
        """

    def settle_request(self, request_id: str, state: RequestState, result: RequestResult | None, at_us: int) -> None:
        """Note how a request ended, in the journal too."""

    def note_shown(self, receipt: str, order_id: str, at_us: int) -> None:
        """Remember that a receipt was shown for an order. Again changes nothing."""

    def note_attached(self, receipt: str, attempt: AttemptRef, *, by: str, reason: str, at_us: int) -> None:
        """Write into the payment's story who said that this receipt pays this attempt, and on what proof."""
