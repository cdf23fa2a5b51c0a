"""Playing one history: each step in the shop, and the laws after it. Not a test."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from answers import ASKS, Answers, payments_in
from baton import SECOND_US, Plan, Process
from doings import Doings
from laws import Laws, Order, Violation, ledger_of
from played_shop import Message, OneThreadLedger, Said, Shop, new_shop, said_of
from steps import Step
from telling import step_words
from truth import SHORTCODE, fate_of

from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.ledger.statement_rows import StatementRows

CUSTOMERS = ("254722200041", "254722200052", "254722200063", "254722200074")
AMOUNTS = (10_000, 10_000, 25_000, 10_000, 25_000, 7_000)
NIGHT_S = 3 * 3600
# A prompt's body that leaves so long after its process was stopped is late by anybody's reading.
LATE_S = 60
GAP_AFTER_US = 600 * SECOND_US
# C2B money pays a prompt by itself only from so long before it was sent until so long after, by our clock.
BEFORE_PROMPT_US, AFTER_PROMPT_US = 60 * SECOND_US, 600 * SECOND_US
EDGE_US = 900 * SECOND_US  # a row so near the end of a file may be carried over to the next one


class Play:
    """One history in one shop. ``known`` are violations (their names, or the beginnings of them) to be passed over."""

    def __init__(self, shop: Shop, known: Sequence[str] = ()) -> None:
        self.shop, self.truth, self.baton = shop, shop.truth, shop.baton
        self.known = tuple(known)
        self.orders = {
            f"A{n}": Order(f"A{n}", CUSTOMERS[n % len(CUSTOMERS)], AMOUNTS[n % len(AMOUNTS)]) for n in range(1, 9)
        }
        self.laws = Laws(shop, self.orders, set(), set())
        self.answers = Answers(self)
        self.found: list[Violation] = []
        self.passed_over: set[str] = set()
        self.erased: set[str] = set()
        self.backups: list[tuple[Path, int]] = []
        self.covered: list[tuple[int, int]] = []  # what statements told of, since the ledger was whole
        self.ledger_is = "whole"  # whole, new, restored, copied: how it came to be
        self.blind: tuple[int, int] | None = None  # the time that a restored ledger knows nothing of
        self.fates = Random(0)
        self.pays, self.form = 0.6, "plain"
        self.truth.fate = lambda msisdn: fate_of(self.fates, msisdn, self.pays)
        self.truth.on_prompt = self._prompted
        shop.on_message = self._heard
        self.named: set[str] = set()  # receipts that reconcile has named, since the ledger was whole
        self.log: list[str] = []
        self.aside: tuple[Path, int, str, tuple[int, int] | None] | None = None

    def play(self, steps: Sequence[Step]) -> list[Violation]:
        """All steps, and the night after them; ends at the first violation that is not known."""
        doings = Doings(self)
        with self.shop.opened():
            for step in steps:
                self.say(f"- {step_words(step)}")
                self.fates = step.random
                self.baton.choose = Random(step.seed ^ 1).randrange
                self.form = step.form if step.kind.startswith(("push", "retry")) and step.form else "plain"
                doings.do(step)
                self.look()
                if self.found:
                    return self.found
            self.say("- the night")
            self.night()
        return self.found

    def say(self, words: str) -> None:
        """A line of what happened, at M-PESA's time."""
        self.log.append(f"{day_and_time(self.baton.true_us)} {words}")

    # Violations.
    def note(self, violations: Iterator[Violation] | list[Violation]) -> None:
        for each in violations:
            if any(each.name.startswith(name) for name in self.known):
                self.passed_over.add(each.name)
            elif each.name not in {v.name for v in self.found}:
                self.found.append(each)

    def look(self) -> None:
        """What can be seen after every step."""
        for who, others in self.shop.disk.blocked:
            words = f"{who} could not commit beside a reader: {others}"
            self.note([Violation("blocked", "a-reader-keeps-a-writer-out", words)])
        self.shop.disk.blocked.clear()
        if self.erased:
            self.note(self.laws.erased(self.erased))

    # What happens by itself.
    def _prompted(self, prompt: Any) -> None:
        process = self.baton.process
        after_us = None if prompt.decided_us is None else prompt.decided_us - prompt.accepted_us
        ends = "never decided" if after_us is None else f"{prompt.result_code} after {after_us / SECOND_US:g} s"
        told = f"{len(prompt.sendings)} callbacks ({self.form})"
        self.say(f"    Daraja takes a prompt for {prompt.account_reference}: {ends} {prompt.receipt}, {told}")
        self.shop.stk_forms[prompt.checkout_request_id] = self.form
        if process is not None:
            process.bodies_left += 1
            process.facts.setdefault("prompts", []).append(prompt)
        if prompt.decided_us is not None:
            after_us = prompt.decided_us - prompt.accepted_us - self.baton.wall_offset_us
            if not -BEFORE_PROMPT_US <= after_us <= AFTER_PROMPT_US:
                self.laws.out_of_window.add(prompt.receipt)
        self.note(self.laws.prompted(prompt, self._how(process)))
        self.erased.discard(prompt.msisdn)

    def _heard(self, message: Message) -> None:
        if self.truth.told.get(message.receipt) == self.baton.true_us:
            self._told_first(message.receipt)
        for lost in self._lost_prompts():  # one that was not paid has no receipt, but its id holds the number
            if lost.checkout_request_id.encode() in message.body:
                self.erased.discard(lost.msisdn)
        if message.receipt or message.status != 200:
            about = f"{message.receipt or '-'} ({message.form})"
            self.say(f"    message {message.path[:12]}… about {about}: {message.status}")

    def _told_first(self, receipt: str) -> None:
        """A payment that was not there to be erased brings its number anew: by hand, or of a prompt that was lost."""
        lost = (prompt for prompt in self._lost_prompts() if prompt.receipt == receipt)
        for each in (self.truth.by_hand.get(receipt), *lost):
            if each is not None:
                self.erased.discard(each.msisdn)

    def _lost_prompts(self) -> list[Any]:
        return [self.truth.state.prompts[checkout_id] for checkout_id in self.laws.lost_prompts]

    def record_is_read(self) -> None:
        """Pull shows whole numbers: of a payment that nobody here knew, or knew by a masked one, it brings it anew."""
        with ledger_of(self.shop) as ledger:
            for charge in self.truth.charges() if ledger is not None else ():
                is_known = self.laws.known(ledger, charge.receipt) or StatementRows(ledger).of(charge.receipt)
                if not is_known or _is_masked(ledger, charge.receipt):
                    self._told_first(charge.receipt)

    def _how(self, process: Process | None) -> str:
        """By which way, and in what circumstances, a prompt went out."""
        if process is None:
            return "by-nobody"
        woken_us = process.facts.get("slept_us", 0)
        if woken_us > LATE_S * SECOND_US:
            return "late-body"
        way = process.facts.get("kind", "?")
        ledger = self.ledger_is
        if ledger in {"restored", "copied"}:
            with ledger_of(self.shop) as opened:
                restored = Restores(opened).restored() if opened is not None else None
            ledger += "-told" if restored is not None and not restored.untold((SHORTCODE,)) else ""
        return f"{way}/{ledger}"

    # Time that a restored ledger lacks.
    def is_blind(self) -> bool:
        if self.is_another():
            return True
        return self.blind is not None and not _covers(self.covered, *self.blind)

    def lose_sight(self, from_us: int, how: str) -> None:
        """The ledger knows nothing from then until now."""
        start_us = min(from_us, self.blind[0]) if self.blind and self.is_blind() else from_us
        self.laws.lost_prompts |= {
            c for c, p in self.truth.state.prompts.items() if from_us <= p.accepted_us <= self.baton.true_us
        }
        # What was asked for just before may be paid just after: the gap ends some minutes behind the restore.
        self.blind, self.ledger_is = (start_us, self.baton.true_us + GAP_AFTER_US), how
        self.covered, self.named, self.erased = [], set(), set()  # what a backup holds was not erased in it

    def is_another(self) -> bool:
        """Whether a new ledger was begun in the place of one that was gone: no more can be asked of it."""
        return self.ledger_is in {"new", "mixed"}

    def must_know(self) -> dict[str, str]:
        """Receipts that the shop can know by now, and how."""
        blind = self.blind or (0, 0)
        found = {}
        for charge in self.truth.charges():
            told_us = self.truth.told.get(charge.receipt)
            if told_us is not None and not blind[0] <= told_us <= blind[1]:
                by_hand = self.truth.by_hand.get(charge.receipt)
                found[charge.receipt] = "told/c2b" if by_hand else "told/stk"
            elif charge.receipt in self.named:
                found[charge.receipt] = "named before"
            elif any(since <= charge.at_us < until - EDGE_US for since, until in self.covered):
                found[charge.receipt] = "statement"
        return found

    # Commands.
    def run(self, kind: str, argv: list[str], step: Step | None = None, **facts: Any) -> Said:
        """A command; its answer is held against the truth."""
        self._remembered(kind, facts.get("order"))
        process = self.shop.start(argv, _plan(step), kind=kind, **facts)
        self.baton.drive()
        return self.ended(process)

    def run_work(self, kind: str, name: str, work: Callable[[Any], Any], step: Step, **facts: Any) -> Process:
        """A process that is no command line: an API call. ``work`` gets its runtime."""
        self._remembered(kind, facts.get("order"))
        self.shop.commands += 1
        process = Process(f"{self.shop.commands}: {name}", _plan(step))
        runtime = self.shop.runtime(process)
        process.facts |= {"kind": kind, "runtime": runtime, "argv": [name], "began_us": self.baton.true_us, **facts}

        def whole() -> Any:
            try:
                return work(runtime)
            finally:
                runtime.close()

        self.baton.spawn(process, whole)
        self.baton.drive()
        self.ended(process)
        return process

    def _remembered(self, kind: str, order_id: str | None) -> None:
        """Who is asked again after an erasure is in the ledger again, and may be."""
        if kind.startswith(ASKS):
            asked = [self.orders[order_id]] if order_id in self.orders else list(self.orders.values())
            self.erased -= {order.msisdn for order in asked}

    def ended(self, process: Process) -> Said:
        """What came of a process, where it came to its end."""
        said = said_of(process)
        if process.facts.get("told"):
            return said
        process.facts["told"] = process.over
        code = self.answers.error_code(said)
        statuses = " ".join(f"{p['order_id']}={p['status']}" for p in payments_in(said.json))
        ended = f"exit {said.status} {code} {statuses}"
        if said.status is None:
            ended = f"stopped ({process.stopped}) {process.passed}"
        self.say(f"    {process.name}: {ended}")
        if process.error is not None:
            self.note([Violation("crash", type(process.error).__name__, f"{process.name}: {process.error!r}")])
        if said.status is not None:
            self.note(self.answers.check(said))
        return said

    # The end of the history.
    def night(self) -> None:
        """Everything calms down; the owner reads M-PESA's whole record; then all laws are held against the ledger."""
        for process in list(self.baton.processes):
            self.baton.kill(process)
        self.shop.listening, self.shop.settles, self.shop.network.down_until_us = True, True, 0
        self.shop.disk.full_for, self.baton.wall_offset_us = 0, 0
        self.baton.pass_until(self.baton.true_us + NIGHT_S * SECOND_US)
        if not self.shop.ledger_path.exists() or self.is_another():
            return
        for _ in range(4):
            file = str(self.statement_file(None, None))
            said = self.run("night", ["reconcile", "--statement", file, "--format", "json"])
            if said.status != 5:
                break
            self.baton.pass_until(self.baton.true_us + 70 * SECOND_US)
        if said.status not in {0, 5, 7}:
            code = self.answers.error_code(said)
            words = f"{said.status}: {said.stdout[:300]}{said.stderr[:300]}"
            self.note([Violation("reconcile", f"ends-with-{code}", words)])
        self.look()
        with ledger_of(self.shop) as ledger:
            if ledger is None:
                return
            self.note(self.laws.whole(ledger))
            if said.status in {0, 5, 7}:
                self.note(self.laws.all_payments(ledger, blind=False))
                self.note(self.laws.named(ledger, said.json, said.stdout + said.stderr))
        self.sold_twice()

    def sold_twice(self) -> None:
        """A receipt that pays one order is not called good for another."""
        for charge in self.truth.charges()[-3:]:
            order = self.truth.order_of(charge)
            if not order or order not in self.orders:
                continue
            said = self.run("verify", ["verify", charge.receipt, "--order", "Z99", "--timeout", "1", "--json"])
            document = said.json or {}
            hints = f"{document.get('why')} {document.get('advice')} {document.get('may_be')}"
            with ledger_of(self.shop) as ledger:
                payment = ledger.payment_by_order(order) if ledger else None
            pays = payment is not None and payment.status.value == "paid"
            pays = pays and self.laws.money_for(order) == self.orders[order].cents
            sold = document.get("verdict") == "real" and pays and order not in hints and charge.kind == "stk"
            if sold and not self.laws.clock_was_off and charge.receipt not in self.laws.phantoms:
                self.note([Violation("sold", "twice", f"{charge.receipt} pays {order}, and is REAL for another order")])

    def statement_file(self, since_us: int | None, until_us: int | None) -> Path:
        """M-PESA's record of a time, as the owner downloads it now."""
        path = self.shop.home / f"statement-{self.shop.commands}.csv"
        path.write_text(self.truth.statement(since_us, until_us), newline="")
        return path


def _is_masked(ledger: OneThreadLedger, receipt: str) -> bool:
    """Whether the payment of a receipt shows some digits of its payer's number, and not all."""
    owner = ledger.receipt_owner(receipt)
    payment = ledger.payment(owner.payment_id) if owner else None
    return payment is not None and any("*" in each.msisdn for each in payment.attempts if each.ref == owner)


def _plan(step: Step | None) -> Plan:
    if step is None or not step.stop[0]:
        return Plan()
    return Plan({step.stop[1]: step.stop[0]}, step.stop_at)  # type: ignore[dict-item]


def _covers(spans: list[tuple[int, int]], from_us: int, until_us: int) -> bool:
    at_us = from_us
    for since_us, end_us in sorted(spans):
        if since_us <= at_us:
            at_us = max(at_us, end_us)
    return at_us >= until_us


def play_seed(folder: Path, seed: int, steps: Sequence[Step], known: Sequence[str] = ()) -> Play:
    """One history in a fresh shop, whose files are gone afterwards."""
    shop = new_shop(folder, seed)
    played = Play(shop, known)
    try:
        played.play(steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return played
