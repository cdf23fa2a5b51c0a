"""M-PESA itself: the simulator's record, and customers whose doings the machine decides. This is the truth. Not a test.

Prompts are the simulator's own; what becomes of each is said by the step that plays (``fate``), not by the number.
Payments by hand are put into its record directly, and the machine carries their messages, odd ones too.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from baton import SECOND_US, Baton

from mpesa_cli.floor.world import World
from mpesa_cli.simulator.apis import stk
from mpesa_cli.simulator.behaviour import Charge, charges, due, next_due_us
from mpesa_cli.simulator.deliveries import delivered
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.identifiers import receipt as new_receipt
from mpesa_cli.simulator.scenario import PushAnswer, Scenario
from mpesa_cli.simulator.scenario_table import FIXED, RESULT_CODES
from mpesa_cli.simulator.state import C2BPayment, Prompt, Rules
from mpesa_cli.simulator.statement import Period
from mpesa_cli.simulator.store import MemoryStore
from mpesa_cli.simulator.wire import Reply, Request

SHORTCODE = "600981"
_PAYS = FIXED["254708374149"]
GONE_US = 600 * SECOND_US


@dataclass
class ByHand:
    """A payment from the menu: what its customer meant it for, and how it is told."""

    receipt: str
    msisdn: str
    cents: int
    at_us: int
    typed: str
    meant_for: str  # the order that its customer pays; empty where it is none of the shop's
    form: str


@dataclass
class Truth:
    """Who really paid what. Times are M-PESA's."""

    baton: Baton
    random: Random
    by_hand: dict[str, ByHand] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=dict)  # receipts of which a message was answered 200, and when
    fate: Callable[[str], Scenario] = lambda msisdn: replace(_PAYS, msisdn=msisdn)
    on_prompt: Callable[[Prompt], None] = lambda prompt: None

    def __post_init__(self) -> None:
        self.rules = Rules(keep_s=None)
        self.store = MemoryStore(self.rules)
        self.engine = Engine(self.store, World(lambda: self.baton.true_us, token_hex=self.token_hex))
        with self.store.change() as state:
            self.state = state
        self.state.pull_registered.append(SHORTCODE)

    def token_hex(self, count: int) -> str:
        return self.random.randbytes(count).hex()

    def answer(self, request: Request) -> Reply:
        before = len(self.state.prompts)
        reply = self.engine.answer(request)
        if len(self.state.prompts) > before:
            self.on_prompt(next(reversed(self.state.prompts.values())))
        return reply

    # What the laws ask.
    def prompts(self, order: str) -> list[Prompt]:
        """Every prompt that Daraja took for an order, oldest first."""
        return [p for p in self.state.prompts.values() if p.account_reference == order]

    def may_be_paid(self, prompt: Prompt, at_us: int) -> bool:
        """Whether it is paid, or can still be. What nobody answers leaves the phone's screen."""
        if prompt.decided_us is None:
            return at_us < prompt.accepted_us + GONE_US
        if prompt.decided_us > at_us:
            return True
        return prompt.result_code == "0"

    def charges(self) -> list[Charge]:
        """All money that came, by now."""
        return charges(self.state, self.baton.true_us)

    def order_of(self, charge: Charge) -> str:
        """The order that a customer meant to pay with it."""
        return self.by_hand[charge.receipt].meant_for if charge.receipt in self.by_hand else charge.account_reference

    def paid_cents(self, order: str) -> int:
        """What came for an order and stayed."""
        came = [c for c in self.charges() if self.order_of(c) == order and c.receipt not in self.reversed]
        return sum(c.amount_cents for c in came)

    def statement(self, since_us: int | None, until_us: int | None) -> str:
        """The portal's file for a time."""
        return self.engine.statement(SHORTCODE, Period(since_us, until_us))

    # What happens in it.
    def pay_by_hand(self, msisdn: str, cents: int, typed: str, meant_for: str, form: str) -> ByHand:
        """A customer pays from the menu, now."""
        now_us = self.baton.true_us
        self.state.serial += 1
        made = new_receipt(now_us, self.state.serial, self.state.receipts, self.token_hex)
        self.state.add_c2b(
            C2BPayment(made, msisdn, cents, SHORTCODE, False, typed, now_us, None, completed_us=now_us)
        )
        self.state.unsettled_c2b.discard(made)
        self.by_hand[made] = ByHand(made, msisdn, cents, now_us, typed, meant_for, form)
        return self.by_hand[made]

    def give_back(self, receipt: str) -> None:
        """Somebody at the portal reverses a payment."""
        with contextlib.suppress(Exception):
            self.engine.reverse(receipt)
            self.reversed.add(receipt)

    def next_due_us(self) -> int | None:
        return next_due_us(self.state)

    def take_due(self) -> list[Any]:
        """The callbacks that leave now, each once."""
        found = due(self.state, self.baton.true_us)
        for each in found:
            delivered(self.state, each, self.baton.true_us)
        return found

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """The simulator asks this truth what becomes of a prompt."""
        before = stk.scenario_for
        stk.scenario_for = self.fate
        try:
            yield
        finally:
            stk.scenario_for = before


def fate_of(random: Random, msisdn: str, pays: float) -> Scenario:
    """What becomes of one prompt: most customers pay; answers and callbacks get lost, doubled, late."""
    scenario = replace(_PAYS, msisdn=msisdn, name="played")
    if random.random() >= pays:
        row = RESULT_CODES[random.choice(("1", "1032", "1037", "2001", "1019"))]
        scenario = replace(scenario, code=row.code, desc=row.desc, decided_s=row.decided_s)
    elif random.random() < 0.1:
        scenario = replace(scenario, decided_s=random.choice((0.5, 45.0, 180.0)))
    elif random.random() < 0.03:
        scenario = replace(scenario, decided_s=None, callbacks_s=())
    dice = random.random()
    if dice < 0.1:
        scenario = replace(scenario, answer=PushAnswer.LOST)
    elif dice < 0.2:
        scenario = replace(scenario, answer=random.choice(_ODD_ANSWERS))
    if scenario.decided_s is not None:
        scenario = replace(scenario, callbacks_s=random.choice(_CALLBACKS))
    return scenario


_ODD_ANSWERS = (
    PushAnswer.TRUNCATED, PushAnswer.HTML_200, PushAnswer.INTERNAL_ERROR, PushAnswer.DROPPED, PushAnswer.HTML_503,
    PushAnswer.SPIKE_ARREST, PushAnswer.LOCKED, PushAnswer.EMPTY_400,
)
_CALLBACKS = ((0.5,), (0.5,), (0.5,), (0.5,), (), (), (0.5, 0.7), (90.0,), (3_700.0,), (0.2, 7_200.0))
