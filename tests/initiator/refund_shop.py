"""A shop with one paid order and a Daraja that says what it is told to. Not a test."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from initiator_parts import PAYS, RECEIPT, body, open_order

from mpesa_cli.daraja.initiator import Initiator
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import ApiRequest
from mpesa_cli.initiator.ask import InitiatorContext
from mpesa_cli.initiator.refunds.asking import RefundTerms, refund
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Received, Reversed
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.refund_rules import RefundAsking
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.staging import stage

START_US = 1_795_505_400_000_000
DAY_S = 24 * 3600
ACK = (200, body("async.ack.ok"))
BACK = "UKO4Q7Y93D"
NO_LIMITS = OutLimits("refunds", enabled=True)


@dataclass
class RefundShop:
    """Order 1042 of KES 150, paid with RECEIPT, in a ledger; ``answers`` are Daraja's, in order."""

    folder: Path
    answers: list[Any] = field(default_factory=lambda: [ACK])
    limits: OutLimits = NO_LIMITS
    now_us: int = START_US
    posts: list[dict[str, str]] = field(default_factory=list)
    comes: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.ledger = Ledger(
            self.folder / "x.db", environment="sandbox", token_hex=secrets.token_hex,
            stage=lambda before, payment, now: stage(before, payment, now, sms_receipt=False),
        )
        paid = Received(START_US, "callback", RECEIPT, 15_000, msisdn=PAYS)
        if self.ledger.payment_by_order("1042") is None:
            open_order(self.ledger, "1042", START_US, paid)

    @property
    def payment(self) -> Payment:
        found = self.ledger.payment_by_order("1042")
        assert found
        return found

    @property
    def context(self) -> InitiatorContext:
        initiator = Initiator(
            "api", "174379", ("174379",), "https://pay.example.co.ke/", lambda: Secret("CREDENTIAL")
        )
        world = World(lambda: self.now_us, self.sleep)
        return InitiatorContext(self.ledger, self, initiator, world, self.bring_in)

    def sleep(self, seconds: float) -> None:
        self.now_us += int(seconds * 1e6)

    def bring_in(self) -> None:
        self.comes()

    def ready(self, by: Deadline | None = None) -> None:
        """Always signed in."""

    def post(self, path: str, body: Mapping[str, str], by: Deadline | None = None) -> tuple[int, bytes]:
        self.posts.append({**body, "path": path})
        said = self.answers.pop(0)
        if callable(said):
            said = said()
        if isinstance(said, MpesaError):
            raise said
        return said  # type: ignore[no-any-return]

    @property
    def reversals(self) -> list[dict[str, str]]:
        return [each for each in self.posts if each["CommandID"] == "TransactionReversal"]

    def refund(self, receipt: str = RECEIPT, *, again: bool = False) -> ApiRequest:
        terms = RefundTerms(self.limits, "174379", "11")
        return refund(self.context, terms, self.payment, receipt, RefundAsking("Asha", "brought back", again))

    def receive(self, raw: bytes, channel: Any = "result", *, nth: int = -1) -> None:
        """What a listener does with a body for the request of a POST."""
        token = self.posts[nth]["ResultURL"].rsplit("/", 1)[1]
        request_id = Requests(self.ledger).by_token(hashlib.sha256(token.encode()).hexdigest())
        assert request_id
        with self.ledger.write() as tx:
            RequestWrites(tx).store_result(request_id, channel, raw, "", self.now_us)
        apply_unread_results(self.ledger, request_id, self.now_us)

    def statement_says_back(self, reversal_receipt: str = BACK, cents: int = 15_000) -> None:
        with self.ledger.write() as tx:
            ref = self.payment.attempts[0].ref
            tx.append(ref, Reversed(self.now_us, "statement", RECEIPT, reversal_receipt, cents))

    @property
    def state(self) -> str | None:
        return self.payment.refund.state.value if self.payment.refund else None

    def reversed_told(self) -> list[Reversed]:
        return [e for e in self.ledger.evidence(self.payment.attempts[0].ref) if isinstance(e, Reversed)]

    def close(self) -> None:
        """Close the ledger, which must be whole."""
        assert list(flaws(self.ledger)) == []
        self.ledger.close()


def result(**other: Any) -> bytes:
    """A successful result of the reversal, or with these parameters (or a TransactionID) in place of its own."""
    document = json.loads(body("reversal.result.success"))
    values = {"CreditPartyPublicName": f"{PAYS} - WANJIKU", "DebitPartyPublicName": "174379 - Duka"} | other
    for entry in document["Result"]["ResultParameters"]["ResultParameter"]:
        if entry["Key"] in values:
            entry["Value"] = values[entry["Key"]]
    return json.dumps(without_ids(document)).encode()


def refused(code: str, words: str = "no") -> bytes:
    """A result that says no."""
    document = json.loads(body("reversal.result.failure.R000001"))
    document["Result"] |= {"ResultCode": code, "ResultDesc": words}
    return json.dumps(without_ids(document)).encode()


def without_ids(document: dict[str, Any]) -> dict[str, Any]:
    for name in ("ConversationID", "OriginatorConversationID"):
        document["Result"].pop(name)
    return document
