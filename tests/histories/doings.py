"""What each kind of step does in the shop. Not a test."""

import inspect
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from baton import SECOND_US, Plan, Stop
from by_phone import ByPhone
from laws import Order, ledger_of
from steps import CLOCKS, HOUR, Step

from mpesa_cli.cli.payments.push import push as push_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from playing import Play

NOT_PAID_SINCE = "not_paid_since_backup" in inspect.signature(push_command).parameters
REASON = "looked at the portal just now, it is so"
PERSON_LOOKS_AFTER_S = 300
CLOCK_BELIEVED_S = 300


class Doings(ByPhone):
    """Carries out steps. What a step needs and is not there makes it a step that does nothing."""

    def __init__(self, play: "Play") -> None:
        super().__init__(play)
        self.gone = 0

    def do(self, step: Step) -> None:
        """One step, to its end or to where it is stopped."""
        handler: Callable[[Step], None] = getattr(self, "_" + step.kind.replace("-", "_"))
        handler(step)

    def order(self, number: int) -> Order:
        """The order that a number means."""
        names = list(self.play.orders)
        return self.play.orders[names[number % len(names)]]

    def order_in(self, statuses: set[str], step: Step) -> Order:
        """Mostly one that stands so, since nothing happens to others; else any."""
        if step.other % 4:
            with ledger_of(self.play.shop) as ledger:
                found = [] if ledger is None else [
                    o for o in self.play.orders.values()
                    if (p := ledger.payment_by_order(o.order_id)) is not None and p.status.value in statuses
                ]
            if found:
                return found[step.order % len(found)]
        return self.order(step.order)

    # Asking for money.
    def _push(self, step: Step) -> None:
        order = self.order(step.order)
        dice = step.random
        wait = dice.choice((["--no-wait"], ["--timeout", "8"], ["--timeout", "25"], []))
        self.play.run("push", ["push", "0" + order.msisdn[3:], str(order.cents // 100), "--order", order.order_id,
                               "--yes", "--json", *wait, *self._gap(order)], step, order=order.order_id)

    def _push_batch(self, step: Step) -> None:
        dice, path = step.random, self.play.shop.home / f"batch-{self.play.shop.commands}.csv"
        rows = [self.order(dice.randrange(1000)) for _ in range(3)]
        lines = {o.order_id: f"0{o.msisdn[3:]},{o.cents // 100},{o.order_id}" for o in rows}
        path.write_text("\n".join(["phone,amount,order", *lines.values()]) + "\n")
        self.play.run("push-batch", ["push", "--from", str(path), "--yes", "--json"], step)

    def _retry(self, step: Step) -> None:
        order = self.order_in({"failed"}, step)
        dice = step.random
        wait = dice.choice((["--no-wait"], ["--timeout", "25"]))
        most = dice.choice(([], [], ["--max-attempts", "2"] if wait != ["--no-wait"] else []))
        self.play.run("retry", ["retry", order.order_id, "--yes", "--json", *wait, *most, *self._gap(order)], step,
                      order=order.order_id)

    def _retry_failed(self, step: Step) -> None:
        since = step.random.choice(([], ["--since", "7d"]))
        self.play.run("retry-failed", ["retry", "--failed", *since, "--yes", "--json"], step)

    def _force(self, step: Step) -> None:
        order = self.order(step.order)
        self.play.laws.excused.add(order.order_id)
        self.play.run("force", ["retry", order.order_id, "--force", "the phone shows no prompt at all", "--no-wait",
                                "--yes", "--json"], step, order=order.order_id)

    def _push_api(self, step: Step) -> None:
        order = self.order(step.order)
        body = {"orderId": order.order_id, "phoneNumber": order.msisdn, "amount": order.cents // 100}
        self._api(step, "push-api", "initiate", order, body)

    def _retry_api(self, step: Step) -> None:
        self._api(step, "retry-api", "retry", self.order_in({"failed"}, step), {})

    def _race(self, step: Step) -> None:
        """Two commands at once, that take turns at some of their points."""
        dice, order = step.random, self.order(step.order)
        words = ["push", "0" + order.msisdn[3:], str(order.cents // 100), "--order", order.order_id, "--no-wait"]
        pair = [words, dice.choice((words, ["retry", order.order_id, "--no-wait"], ["status", order.order_id],
                                    ["retry", "--failed"]))]
        started = []
        for argv in pair:
            stops: dict[int, Stop] = {n: "switch" for n in range(1, 30) if dice.random() < 0.5}
            if step.stop[0] and argv is pair[0]:
                stops[step.stop[1]] = step.stop[0]  # type: ignore[assignment]
            yes = [] if argv[0] == "status" else ["--yes"]
            self.play.erased.discard(order.msisdn)
            started.append(self.play.shop.start([*argv, *yes, "--json"], Plan(stops), kind="race-" + argv[0],
                                                order=order.order_id))
        self.play.baton.drive()
        for process in started:
            self.play.ended(process)

    # Looking.
    def _status(self, step: Step) -> None:
        order = self.order(step.order)
        ask = step.random.choice(([], [], ["--no-refresh"]))
        self.play.run("status", ["status", order.order_id, "--json", *ask], step, order=order.order_id)

    def _history(self, step: Step) -> None:
        self.play.run("history", ["history", "--format", "json"], step)

    def _audit(self, step: Step) -> None:
        self.play.run("audit", ["audit", "verify", "--json"], step)

    def _verify(self, step: Step) -> None:
        charges = self.truth.charges()
        if not charges:
            return
        charge = charges[step.other % len(charges)]
        order = self.truth.order_of(charge)
        known = self.play.orders.get(order)
        argv = ["verify", charge.receipt, "--timeout", "1", "--json", *(["--order", order] if known else [])]
        self.play.run("verify", argv, step)

    def _reconcile(self, step: Step) -> None:
        self.play.run("reconcile", ["reconcile", "--format", "json"], step)

    def _reconcile_pull(self, step: Step) -> None:
        since_us = self.baton.true_us - 47 * HOUR * SECOND_US
        self.play.record_is_read()
        said = self.play.run("reconcile-pull", ["reconcile", "--pull", "--format", "json"], step)
        if said.status in {0, 7}:
            self.play.covered.append((since_us, said.process.facts["began_us"]))

    def _reconcile_statement(self, step: Step) -> None:
        now_us, dice = self.baton.true_us, step.random
        day_us, ahead_us = 24 * HOUR * SECOND_US, 3 * HOUR * SECOND_US
        midnight_us = (now_us + ahead_us) // day_us * day_us - ahead_us
        start_us = 1_795_467_600_000_000  # the shop's first midnight
        since_us, until_us = dice.choice((
            (start_us, now_us), (midnight_us, now_us), (start_us, midnight_us),
            (midnight_us - day_us, midnight_us), (start_us, max(start_us, now_us - 8 * HOUR * SECOND_US)),
            (now_us - 6 * HOUR * SECOND_US, now_us - HOUR * SECOND_US),
        ))
        if until_us <= since_us:
            since_us, until_us = start_us, now_us
        path = self.play.statement_file(since_us, until_us)
        self.play.covered.append((since_us, until_us))
        said = self.play.run("reconcile-statement", ["reconcile", "--statement", str(path), "--format", "json"], step)
        if said.status not in {0, 7} and (since_us, until_us) in self.play.covered:
            self.play.covered.remove((since_us, until_us))

    # A person at the portal.
    def _person_decides(self, step: Step) -> None:
        """Somebody looks at M-PESA's record and decides what nothing else will settle, truthfully."""
        order = self.order_in({"unknown", "review"}, step)
        with ledger_of(self.play.shop) as ledger:
            payment = ledger.payment_by_order(order.order_id) if ledger else None
        if payment is None or payment.status.value not in {"unknown", "review", "pending"}:
            return
        prompts = self.truth.prompts(order.order_id)
        asked_us = max((a.view.requested_us or a.created_us for a in payment.attempts), default=0)
        paid = [p for p in prompts if p.charged(self.baton.true_us)]
        if any(self.truth.may_be_paid(p, self.baton.true_us) for p in prompts if p not in paid):
            return
        if self.baton.now_us() - asked_us < PERSON_LOOKS_AFTER_S * SECOND_US:
            return
        doubtful = {"unknown", "review", "pending", "sending"}
        open_ones = [a.ref.number for a in payment.attempts if a.state.value in doubtful]
        how = ["paid", "--receipt", paid[0].receipt] if len(paid) == 1 else ["failed"]
        if len(paid) > 1 or not open_ones:
            return
        self.play.run("decide", ["resolve", order.order_id, *how, "--attempt", str(open_ones[-1]), "--by", "owner",
                                 "--reason", REASON, "--yes", "--json"], step, order=order.order_id)

    def _attach(self, step: Step) -> None:
        mine = [h for h in self.truth.by_hand.values() if h.meant_for in self.play.orders]
        if not mine:
            return
        paid = mine[step.other % len(mine)]
        argv = ["verify", paid.receipt, "--attach", paid.meant_for, "--by", "owner", "--reason", REASON]
        self.play.run("attach", [*argv, "--timeout", "1", "--yes", "--json"], step)

    def _give_back(self, step: Step) -> None:
        charges = [c for c in self.truth.charges() if c.receipt not in self.truth.reversed]
        if charges:
            self.truth.give_back(charges[step.other % len(charges)].receipt)

    # Mishaps.
    def _wait(self, step: Step) -> None:
        self.baton.pass_until(self.baton.true_us + int(step.seconds * SECOND_US))

    def _clock(self, step: Step) -> None:
        self.baton.wall_offset_us = int(step.seconds * SECOND_US)
        self.play.laws.clock_was_off |= abs(step.seconds) > CLOCK_BELIEVED_S

    def _wake(self, step: Step) -> None:
        stopped = [p for p in self.baton.processes if p.stopped]
        if not stopped:
            return
        process = stopped[step.other % len(stopped)]
        process.facts["slept_us"] = self.baton.true_us - process.stopped_us
        if step.random.random() < 0.15:
            self.baton.kill(process)
            return
        again: dict[int, Stop] = {step.random.randint(1, 8): "freeze"} if step.random.random() < 0.3 else {}
        self.baton.wake(process, Plan(again))
        self.baton.drive()
        if process.over:
            self.play.ended(process)

    def _listener(self, step: Step) -> None:
        shop = self.play.shop
        if step.order % 3 == 0:
            shop.listening = not shop.listening
        elif step.order % 3 == 1:
            shop.settles = not shop.settles
        shop.stop_listener()
        shop.come_up()

    def _network(self, step: Step) -> None:
        self.play.shop.network.down_until_us = self.baton.true_us + int(step.seconds * SECOND_US)

    def _disk_full(self, step: Step) -> None:
        self.play.shop.disk.full_for = step.random.randint(1, 4)

    # The ledger's file.
    def _backup(self, step: Step) -> None:
        path = self.play.shop.home / f"backup-{self.play.shop.commands}.db"
        at_us = self.baton.true_us
        said = self.play.run("backup", ["backup", str(path), "--json"], step)
        if said.status == 0:
            self.play.backups.append((path, at_us))

    def _ledger_gone(self, step: Step) -> None:
        """The disk dies with everything on it; sometimes it is only not there for a while."""
        shop = self.play.shop
        if not shop.ledger_path.exists():
            return
        for process in list(self.baton.processes):
            self.baton.kill(process)
        shop.stop_listener()
        self.gone += 1
        aside = shop.home / f"aside-{self.gone}"
        shop.ledger_path.parent.rename(aside)
        self.play.aside = (aside, self.baton.true_us, self.play.ledger_is, self.play.blind)
        self.play.ledger_is = "new"

    def _restore(self, step: Step) -> None:
        shop = self.play.shop
        if not self.play.backups:
            return
        path, at_us = self.play.backups[step.other % len(self.play.backups)]
        if shop.ledger_path.exists() and self.play.ledger_is == "new":
            self._ledger_gone(step)
        before = shop.ledger_path.exists()
        said = self.play.run("restore", ["restore", str(path), "--json"], step)
        if shop.ledger_path.exists() and not before and said.status == 0:
            self.play.lose_sight(at_us - 600 * SECOND_US, "restored")

    def _disaster(self, step: Step) -> None:
        """The disk dies, and a backup is put in its place."""
        if self.play.backups:
            self._ledger_gone(step)
            self._restore(step)

    def _lost_behind(self, step: Step) -> None:
        """A record is read, the clock is set, what was asked for after the backup is lost with the disk, and is asked
        for again."""
        dice = step.random
        for _ in range(2):
            self._clock(replace(step, seconds=dice.choice(CLOCKS)))
            dice.choice((self._reconcile_statement, self._reconcile_pull))(replace(step, seed=dice.getrandbits(40)))
        self._clock(replace(step, seconds=dice.choice(CLOCKS)))
        self._backup(step)
        self._push(step)
        self._clock(replace(step, seconds=dice.choice(CLOCKS)))
        self.play.backups = self.play.backups[-1:]
        self._disaster(step)
        self._push(step)

    def _copied_back(self, step: Step) -> None:
        """Somebody puts an old copy of the file in its place, with cp."""
        shop = self.play.shop
        if not self.play.backups:
            return
        path, at_us = self.play.backups[step.other % len(self.play.backups)]
        self._ledger_gone(step)
        shop.ledger_path.parent.mkdir(mode=0o700, exist_ok=True)
        if not shop.ledger_path.exists():
            shutil.copy(path, shop.ledger_path)
            self.play.lose_sight(at_us - 600 * SECOND_US, "copied")

    def _ledger_comes_back(self, step: Step) -> None:
        """The disk was not mounted, and now it is."""
        shop, aside = self.play.shop, self.play.aside
        if aside is None or not aside[0].exists():
            return
        for process in list(self.baton.processes):
            self.baton.kill(process)
        shop.stop_listener()
        made_anew = shop.ledger_path.exists()
        shutil.rmtree(shop.ledger_path.parent, ignore_errors=True)
        aside[0].rename(shop.ledger_path.parent)
        self.play.ledger_is, self.play.blind, self.play.erased = aside[2], aside[3], set()
        if made_anew:
            self.play.ledger_is = "mixed"
        self.play.aside = None

    def _gap(self, order: Order) -> list[str]:
        """With open eyes: an order that was not paid, says M-PESA's record, and the program is told so."""
        if not NOT_PAID_SINCE or self.play.ledger_is == "whole":
            return []
        now_us = self.baton.true_us
        if self.play.laws.money_for(order.order_id) or any(
            self.truth.may_be_paid(p, now_us) for p in self.truth.prompts(order.order_id)
        ):
            return []
        return ["--not-paid-since-backup", "--reason", REASON]
