"""The ledger's side of the asynchronous APIs: requests, the bodies that came for them, receipts shown."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, cast

from mpesa_cli.daraja.initiator import Again
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState
from mpesa_cli.ledger.journal import canonical
from mpesa_cli.ledger.values import BODIES_OF_REQUEST_MAX, ResultBody, ResultChannel
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import AttemptRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.initiator.verdict import Shown
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write

_REQUEST = (
    "SELECT request_id, command, subject, created_us, state, conversation_id, originator_conversation_id, settled_us, "
    "result, again, fields, amount_cents, payment_id, attempt FROM requests"
)
_PRIVATE = ("debit", "credit", "receiver")  # of a result's facts: whose money it was


class Requests:
    """Questions about requests."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def by_token(self, token_hash: str) -> str | None:
        """The id of the request whose address has the token with this SHA-256, or None."""
        rows = self._reads.rows(
            "SELECT request_id FROM requests WHERE token_hash=? "
            "UNION ALL SELECT request_id FROM request_tokens WHERE token_hash=?", (token_hash, token_hash),
        )
        return str(rows[0][0]) if rows else None

    def request(self, request_id: str) -> ApiRequest | None:
        """The request, or None."""
        rows = self._reads.rows(f"{_REQUEST} WHERE request_id=?", (request_id,))
        return _request_from(rows[0]) if rows else None

    def newest(self, command: str, subject: str) -> ApiRequest | None:
        """The newest request of this kind about this subject, or None."""
        rows = self._reads.rows(
            f"{_REQUEST} WHERE command=? AND subject=? ORDER BY created_us DESC LIMIT 1", (command, subject)
        )
        return _request_from(rows[0]) if rows else None

    def newest_answered(self, command: str, subject: str) -> ApiRequest | None:
        """The newest request of this kind about this subject whose result said yes, or None."""
        rows = self._reads.rows(
            f"{_REQUEST} WHERE command=? AND subject=? AND state='answered' AND json_extract(result, '$.code')='0' "
            "ORDER BY created_us DESC LIMIT 1",
            (command, subject),
        )
        return _request_from(rows[0]) if rows else None

    def answered_since(self, command: str, subject: str, since_us: int) -> Sequence[ApiRequest]:
        """Requests of this kind about this subject that were made since and whose result said yes, oldest first."""
        rows = self._reads.rows(
            f"{_REQUEST} WHERE command=? AND subject=? AND created_us>=? AND state='answered' "
            "AND json_extract(result, '$.code')='0' ORDER BY created_us",
            (command, subject, since_us),
        )
        return [_request_from(row) for row in rows]

    def made_since(self, since_us: int) -> Sequence[ApiRequest]:
        """Requests that were made since, of whatever kind, oldest first."""
        rows = self._reads.rows(f"{_REQUEST} WHERE created_us>=? ORDER BY created_us", (since_us,))
        return [_request_from(row) for row in rows]

    def moving_money(self) -> Sequence[ApiRequest]:
        """Requests that may have moved money and have no result that settles them, oldest first."""
        states = "('created', 'accepted', 'unknown', 'timed_out', 'review')"
        rows = self._reads.rows(f"{_REQUEST} WHERE again <> 'free' AND state IN {states} ORDER BY created_us")
        return [_request_from(row) for row in rows]

    def asked_cents(self, command: str, since_us: int) -> int:
        """The cents of this command's requests since, but for those that are proven to have moved none."""
        rows = self._reads.rows(
            "SELECT coalesce(sum(amount_cents), 0) FROM requests WHERE command=? AND created_us>=? "
            "AND state NOT IN ('not_sent', 'refused') "
            "AND NOT (state='answered' AND coalesce(CAST(json_extract(nullif(result, ''), '$.no') AS INTEGER), 0)=1)",
            (command, since_us),
        )
        return int(str(rows[0][0]))

    def unread_results(self, request_id: str = "") -> Sequence[ResultBody]:
        """Bodies that were stored and not yet applied, of one request or of all, oldest first."""
        of_one = ("AND payment_id=? ", (request_id,)) if request_id else ("", ())
        rows = self._reads.rows(
            "SELECT callback_id, payment_id, channel, received_us, peer, body FROM callbacks "
            f"WHERE channel IN ('result', 'timeout') AND verdict='' {of_one[0]}ORDER BY received_us",
            of_one[1],
        )
        return [
            ResultBody(
                str(callback_id), str(owner), cast("ResultChannel", str(channel)), int(str(at_us)), str(peer),
                body if isinstance(body, bytes) else b"",
            )
            for callback_id, owner, channel, at_us, peer, body in rows
        ]

    def shown(self, receipt: str) -> Sequence[Shown]:
        """For which orders a receipt was shown, oldest first."""
        from mpesa_cli.initiator.verdict import Shown

        rows = self._reads.rows(
            "SELECT order_id, shown_us FROM shown_receipts WHERE receipt=? ORDER BY shown_us", (receipt,)
        )
        return [Shown(str(order), int(str(at_us))) for order, at_us in rows]


class RequestWrites(Requests):
    """Changes to requests, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def open(self, request: ApiRequest, token_hash: str) -> None:
        """Record what is about to be asked, before anything is sent."""
        self._tx.execute(
            "INSERT INTO requests (request_id, command, subject, token_hash, created_us, state, again, fields, "
            "amount_cents, payment_id, attempt) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (request.request_id, request.command, request.subject, token_hash, request.created_us,
             RequestState.CREATED.value, request.again.value,
             canonical(dict(request.fields)) if request.fields else "", request.amount_cents,
             *(request.about or ("", 0))),
        )
        facts: dict[str, object] = {
            "request_id": request.request_id, "command": request.command, "subject": request.subject,
            "token_hash": token_hash,
        }
        if request.amount_cents is not None:
            facts["amount_cents"] = request.amount_cents
        self._tx.chain(ev.Record("request_made", request.created_us, facts, {}), "", None)

    def add_token(self, request_id: str, token_hash: str) -> None:
        """Let the result of a repeat find its request as well; the token of the first POST is kept nowhere."""
        self._tx.execute("INSERT INTO request_tokens VALUES (?,?)", (token_hash, request_id))

    def note_answer(self, request_id: str, state: RequestState, conversation_id: str, originator_id: str) -> None:
        """Note what the POST came to. A result that came before stays."""
        self._tx.execute(
            "UPDATE requests SET conversation_id=coalesce(nullif(?, ''), conversation_id), "
            "originator_conversation_id=coalesce(nullif(?, ''), originator_conversation_id), "
            "state=CASE WHEN state IN ('created', 'unknown') THEN ? ELSE state END WHERE request_id=?",
            (conversation_id, originator_id, state.value, request_id),
        )

    def store_result(self, request_id: str, channel: ResultChannel, body: bytes, peer: str, at_us: int) -> str | None:
        """Store a body; returns its id, or None where the same body was stored before.

        Raises Conflict ``too-many-bodies`` where BODIES_OF_REQUEST_MAX different ones were.
        """
        callback_id, digest = "CB-" + self._tx.token_hex(8), hashlib.sha256(body).hexdigest()
        cursor = self._tx.execute(
            "INSERT INTO callbacks (callback_id, channel, payment_id, attempt, received_us, peer, sha256, body) "
            "SELECT ?,?,?,0,?,?,?,? WHERE (SELECT count(*) FROM callbacks WHERE payment_id=?) < ? "
            "ON CONFLICT (payment_id, attempt, channel, sha256) DO NOTHING",
            (callback_id, channel, request_id, at_us, peer, digest, body, request_id, BODIES_OF_REQUEST_MAX),
        )
        if cursor.rowcount:
            return callback_id
        known = "SELECT 1 FROM callbacks WHERE payment_id=? AND channel=? AND sha256=?"
        if self._reads.rows(known, (request_id, channel, digest)):
            return None
        raise Conflict(
            f"The request {request_id} already has {BODIES_OF_REQUEST_MAX} results.",
            hint="Nothing more is kept on it. Ask again: mpesa verify RECEIPT",
            code="too-many-bodies",
        )

    def settle(self, request_id: str, state: RequestState, result: RequestResult | None, at_us: int) -> None:
        """Note how a request ended, in the journal too."""
        told = {} if result is None else {"code": result.code, "description": result.description, **result.facts}
        self._tx.execute(
            "UPDATE requests SET state=?, settled_us=?, result=? WHERE request_id=?",
            (state.value, at_us, canonical(told) if told else "", request_id),
        )
        facts = {"request_id": request_id, "state": state.value}
        facts |= {name: value for name, value in told.items() if name not in _PRIVATE}  # type: ignore[misc]
        private = {name: told[name] for name in _PRIVATE if told.get(name)}
        self._tx.chain(ev.Record("request_settled", at_us, dict(facts), dict(private)), "", None)

    def note_shown(self, receipt: str, order_id: str, at_us: int) -> None:
        """Remember that a receipt was shown for an order. Again changes nothing."""
        cursor = self._tx.execute(
            "INSERT INTO shown_receipts VALUES (?,?,?) ON CONFLICT (receipt, order_id) DO NOTHING",
            (receipt, order_id, at_us),
        )
        if cursor.rowcount:
            self._tx.chain(ev.Record("receipt_shown", at_us, {"receipt": receipt, "order_id": order_id}, {}), "", None)

def _request_from(row: tuple[object, ...]) -> ApiRequest:
    (request_id, command, subject, created, state, conversation, originator, settled, result, again, fields, amount,
     payment_id, attempt) = row
    return ApiRequest(
        request_id=str(request_id),
        command=str(command),
        subject=str(subject),
        created_us=int(str(created)),
        state=RequestState(str(state)),
        conversation_id=str(conversation),
        originator_conversation_id=str(originator),
        settled_us=None if settled is None else int(str(settled)),
        result=_result_from(str(result)) if result else None,
        again=Again(str(again)),
        fields=json.loads(str(fields)) if fields else {},
        amount_cents=None if amount is None else int(str(amount)),
        about=AttemptRef(str(payment_id), int(str(attempt))) if payment_id else None,
    )


def _result_from(text: str) -> RequestResult:
    told = json.loads(text)
    return RequestResult(told.pop("code"), told.pop("description"), told)
