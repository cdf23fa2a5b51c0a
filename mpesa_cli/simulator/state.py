"""The simulator's memory: tokens, prompts, C2B payments, and how far its clock was moved.

Times are microseconds since 1970 on the simulator's own clock, which is the real one plus
``clock_offset_us``. A prompt holds everything that will happen to it from the moment it is accepted, so
an answer about it is a function of the prompt and the time.
"""

from collections import defaultdict
from dataclasses import field

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.chaos import Chaos
from mpesa_cli.simulator.initiator_key import InitiatorKey
from mpesa_cli.simulator.movement import Balances, Movement
from mpesa_cli.simulator.scenario import Balance, Pending

DAY_S = 24 * 3600
SECOND_US = 1_000_000
# A prompt that nobody answers leaves the phone's screen; the line is free again.
LINE_HELD_AT_MOST_S = 180
BOOKED_AT_MOST = 10_000


@dataclass(slots=True)
class Rules:
    """The simulator's strictness and speed. Not part of its memory.

    ``queries_per_minute`` None and ``keep_s`` None switch the query ration and the forgetting off.
    ``production`` refuses a second C2B registration, plain http URLs and C2B simulation.
    """

    speed: float = 1.0
    queries_per_minute: int | None = 5
    keep_s: int | None = DAY_S
    production: bool = False
    chaos: Chaos | None = None
    initiator_key: InitiatorKey | None = None  # the key for SecurityCredentials; None reads none

    def us(self, seconds: float) -> int:
        """The microseconds that these simulated seconds take at this speed."""
        return int(seconds * SECOND_US / self.speed)


@dataclass(slots=True)
class Token:
    """An issued access token. Keys are kept as digests: somebody may have typed a real one."""

    key_digest: str
    expires_us: int
    c2b_version: str = ""  # "v1" or "v2" where the app has only that product; "" has both


@dataclass(slots=True)
class Sending:
    """One POST to the merchant: when it is due, when it left, and the HTTP status it got (0: none)."""

    due_us: int
    sent_us: int | None = None
    status: int | None = None


@dataclass(slots=True)
class Prompt:
    """An accepted push. ``decided_us`` None: the customer never decides."""

    checkout_request_id: str
    merchant_request_id: str
    msisdn: str
    amount: int
    shortcode: str
    account_reference: str
    callback_url: str
    scenario: str
    accepted_us: int
    decided_us: int | None
    result_code: str
    result_desc: str
    receipt: str
    buy_goods: bool = False
    pending: Pending = "4999"
    known_us: int = 0  # before this, a query answers that the transaction does not exist
    query_code: str = ""
    query_desc: str = ""
    callback_amount: int = 0
    balance: Balance = "absent"
    sendings: list[Sending] = field(default_factory=list)

    def charged(self, now_us: int) -> bool:
        """Whether the customer's money has moved by ``now_us``. It moves once, at the decision."""
        return self.result_code == "0" and self.decided_us is not None and self.decided_us <= now_us

    def movement(self) -> Movement:
        """The money that this prompt moved, where it is ``charged``."""
        return Movement(self.receipt, "payment", self.amount * 100, self.decided_us or 0, self.shortcode, self.msisdn,
                        self.account_reference, self.buy_goods)

    def line_free_us(self) -> int:
        """The time from which another prompt may be shown on this phone."""
        latest = self.accepted_us + LINE_HELD_AT_MOST_S * SECOND_US
        return latest if self.decided_us is None else min(self.decided_us, latest)


@dataclass(slots=True)
class Registration:
    """The C2B URLs of one shortcode. ``version`` is the API version, v1 or v2."""

    version: str
    response_type: str
    confirmation_url: str
    validation_url: str


@dataclass(slots=True)
class C2BPayment:
    """A payment from the phone's menu, or a push that is reported as one too (``from_push``).

    It ends completed (``completed_us``) or cancelled (``cancelled``: the merchant's code, or "no answer");
    until then its validation is under way.
    """

    trans_id: str
    msisdn: str
    amount_cents: int
    shortcode: str
    buy_goods: bool
    bill_ref: str
    created_us: int
    registration: Registration | None
    validation: Sending | None = None
    confirm_after_s: list[float] = field(default_factory=list)
    completed_us: int | None = None
    cancelled: str = ""
    third_party_id: str = ""
    balance_cents: int = 0
    from_push: bool = False
    confirmations: list[Sending] = field(default_factory=list)

    def movement(self, completed_us: int) -> Movement:
        """The money that this payment moved."""
        return Movement(self.trans_id, "payment", self.amount_cents, completed_us, self.shortcode, self.msisdn,
                        self.bill_ref, self.buy_goods)

    @property
    def ended(self) -> bool:
        """Whether M-Pesa has decided, and every confirmation has left."""
        if self.cancelled:
            return True
        return self.completed_us is not None and all(row.sent_us is not None for row in self.confirmations)


@dataclass(slots=True)
class AsyncRequest:
    """A request that an initiator API took. ``asked``: the fields of its body as text, without the credential.

    ``bodies`` are what is posted to ``url``, one for each sending (the last one for those beyond); none where a
    question is answered when its answer is due. ``receipt`` is of the money that moved. No ``sendings``: nothing is
    ever posted.
    """

    conversation_id: str
    originator_conversation_id: str
    api: str
    shortcode: str
    asked: dict[str, str]
    scenario: str
    url: str
    accepted_us: int
    receipt: str = ""
    bodies: list[dict[str, object]] = field(default_factory=list)
    sendings: list[Sending] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """The simulator's memory. ``serial`` grows with every prompt and payment and is never reused."""

    rules: Rules = field(default_factory=Rules)
    clock_offset_us: int = 0
    serial: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    refused_in_a_row: dict[str, int] = field(default_factory=dict)
    queries: dict[str, list[int]] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    c2b: dict[str, C2BPayment] = field(default_factory=dict)
    # For statements: what left the shop, and payments that are forgotten otherwise.
    booked: list[Movement] = field(default_factory=list)
    carried: dict[str, Balances] = field(default_factory=dict)  # by shortcode: sums of those dropped from ``booked``
    pull_registered: list[str] = field(default_factory=list)
    asked: dict[str, AsyncRequest] = field(default_factory=dict)  # by ConversationID
    wrong_passwords: dict[str, list[int]] = field(default_factory=dict)  # by initiator: when, in a row
    # Derived: found again from the above whenever a state is read.
    by_msisdn: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unsent: set[str] = field(default_factory=set)
    unsettled_c2b: set[str] = field(default_factory=set)
    receipts: set[str] = field(default_factory=set)

    def add_prompt(self, prompt: Prompt) -> None:
        """Remember an accepted push."""
        self.prompts[prompt.checkout_request_id] = prompt
        self.by_msisdn[prompt.msisdn].append(prompt.checkout_request_id)
        self.receipts.add(prompt.receipt)
        if any(sending.sent_us is None for sending in prompt.sendings):
            self.unsent.add(prompt.checkout_request_id)

    def add_c2b(self, payment: C2BPayment) -> None:
        """Remember a payment from the phone's menu."""
        self.c2b[payment.trans_id] = payment
        if not payment.ended:
            self.unsettled_c2b.add(payment.trans_id)
        self.receipts.add(payment.trans_id)

    def prompts_on(self, msisdn: str) -> list[Prompt]:
        """The prompts that this phone was sent, newest first."""
        return [self.prompts[ref] for ref in reversed(self.by_msisdn.get(msisdn, [])) if ref in self.prompts]

    def forget_old(self, now_us: int) -> None:
        """Drop what ended longer ago than the rules keep it, so that memory and file stay small."""
        self.tokens = {token: row for token, row in self.tokens.items() if row.expires_us > now_us}
        self.queries = {key: times for key, times in self.queries.items() if times}
        if self.rules.keep_s is None:
            return
        horizon_us = now_us - self.rules.keep_s * SECOND_US
        self.asked = {ref: row for ref, row in self.asked.items() if row.accepted_us >= horizon_us}
        while self.prompts:
            ref, oldest = next(iter(self.prompts.items()))
            if oldest.accepted_us >= horizon_us or ref in self.unsent:
                break
            if oldest.charged(now_us):
                self.booked.append(oldest.movement())
            del self.prompts[ref]
            self.receipts.discard(oldest.receipt)
            self.by_msisdn[oldest.msisdn].remove(ref)
            if not self.by_msisdn[oldest.msisdn]:
                del self.by_msisdn[oldest.msisdn]
        while self.c2b:
            trans_id, payment = next(iter(self.c2b.items()))
            if payment.created_us >= horizon_us or trans_id in self.unsettled_c2b:
                break
            if payment.completed_us is not None and not payment.from_push:
                self.booked.append(payment.movement(payment.completed_us))
            del self.c2b[trans_id]
            self.receipts.discard(trans_id)
        self._carry_over()

    def _carry_over(self) -> None:
        """Keep statements from growing for ever: of the oldest movements only the sum stays."""
        too_many = len(self.booked) - BOOKED_AT_MOST
        if too_many > 0:
            self.booked.sort(key=lambda row: row.at_us)
            for row in self.booked[:too_many]:
                self.carried[row.shortcode] = self.carried.get(row.shortcode, Balances()).after(row)
            del self.booked[:too_many]
