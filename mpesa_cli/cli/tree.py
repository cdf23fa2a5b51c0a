"""Every command: its place on the first page of help, and its function's module.

A module is loaded, and its options are made, when its command is asked for: with forty commands that is a third
of what any of them takes to start.
"""

from collections.abc import Iterator, MutableMapping
from functools import cache
from importlib import import_module
from typing import Any

import typer

from mpesa_cli.floor.records import dataclass

TAKE, LOOK, TEST, SET_UP = "Take payments", "Look", "Listen and test", "Set up"
DAILY = (
    "push", "retry", "refund", "receipt", "status", "history", "log", "verify", "explain", "reconcile", "held",
    "listen", "init", "doctor", "backup",
)
"""The commands of a shop's day: what `mpesa` alone shows, a line each."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of them. ``function`` is ``module.function`` below mpesa_cli.cli; a group has
    ``words`` for its help, its commands in ``members``, and what it does without one of them in ``alone``.
    ``brief`` is one line's worth of what it is for."""

    panel: str
    function: str = ""
    brief: str = ""
    words: str = ""
    members: tuple[tuple[str, str], ...] = ()
    alone: str = ""

    def build(self, name: str) -> Any:
        """The command, with its options."""
        typed = typer.Typer(
            help=self.words or None, rich_markup_mode=None, no_args_is_help=not self.alone, add_completion=False
        )
        if self.alone:
            typed.callback(invoke_without_command=True, help=self.words)(_function(self.alone))
        for member, function in self.members or ((name, self.function),):
            typed.command(member)(_function(function))
        built: Any = typer.main.get_group(typed) if self.members else typer.main.get_command(typed)
        built.name, built.rich_help_panel = name, self.panel
        return built


ENTRIES: dict[str, Entry] = {
    "push": Entry(TAKE, "payments.push.push", brief="ask a customer's phone for money and wait for the answer"),
    "retry": Entry(TAKE, "payments.retry.retry", brief="ask again, once it is sure that nothing was paid"),
    "refund": Entry(TAKE, "money_out.refund.refund", brief="give a customer's money back"),
    "pay": Entry(TAKE, "money_out.pay.pay", brief="send money to a phone, once for what it is for"),
    "approve": Entry(TAKE, "money_out.approve.approve", brief="agree to what somebody else asked to send"),
    "counter": Entry(TAKE, "counter.counter.counter", brief="one screen for the clerk: ask, see who paid, claim"),
    "receipt": Entry(TAKE, "receipts.receipt.receipt", brief="make a receipt: screen, paper, PDF or SMS"),
    "status": Entry(LOOK, "payments.status.status", brief="where a payment stands; alone: what is open now"),
    "history": Entry(LOOK, "history.history.history", brief="payments, newest first, or sums per day"),
    "payouts": Entry(LOOK, "money_out.payouts.payouts", brief="money that was sent to phones"),
    "export": Entry(LOOK, "history.export.export", brief="payments and totals as a file for the office"),
    "log": Entry(LOOK, "history.log.log", brief="the whole story of one payment"),
    "explain": Entry(LOOK, "reference.explain.explain", brief="what a code means, and what to tell the customer"),
    "verify": Entry(LOOK, "initiator.verify.verify", brief="is the SMS that a customer shows real, and unused?"),
    "resolve": Entry(LOOK, "payments.resolve.resolve", brief="decide how a payment in review ended"),
    "reconcile": Entry(LOOK, "books.reconcile.reconcile", brief="settle what is open, compare with M-PESA's statement"),
    "balance": Entry(LOOK, "initiator.balance.balance", brief="what is on the shop's M-PESA accounts"),
    "listen": Entry(TEST, "listener.listen.listen", brief="receive M-PESA's callbacks"),
    "c2b-register": Entry(TEST, "payments.c2b_register.c2b_register", brief="have payments by hand reported to us"),
    "pull-register": Entry(TEST, "books.pull_register.pull_register", brief="let reconcile ask what customers paid"),
    "c2b-simulate": Entry(TEST, "simulator.c2b_simulate.c2b_simulate", brief="play a customer who pays by hand"),
    "trigger": Entry(TEST, "listener.trigger.trigger", brief="send one recorded callback to an app"),
    "init": Entry(SET_UP, "settings.init.init", brief="set up a till or paybill"),
    "doctor": Entry(SET_UP, "upkeep.doctor.doctor", brief="is everything in order, and what mends it?"),
    "backup": Entry(SET_UP, "upkeep.backup.backup", brief="copy the ledger and prove the copy"),
    "restore": Entry(SET_UP, "upkeep.restore.restore", brief="put a backup in the place of a ledger that is gone"),
    "ledger": Entry(
        SET_UP,
        brief="begin a ledger anew, or move it into a database",
        words="The ledger as such: begun anew on purpose, or moved between a file and a database.",
        members=(("begin", "upkeep.ledger.ledger_begin"), ("move", "upkeep.ledger_move.ledger_move")),
    ),
    "erase": Entry(SET_UP, "upkeep.erase.erase", brief="take a customer's number out of the ledger"),
    "help": Entry(SET_UP, "help_topics.help_", brief="help on a command or a topic"),
    "simulator": Entry(
        TEST,
        brief="an M-PESA to try things on: no account, no money",
        words="A Daraja to develop against: no account, no money.",
        members=(
            ("serve", "simulator.simulator.serve"),
            ("scenarios", "simulator.simulator.scenarios"),
            ("clock", "simulator.simulator.clock"),
            ("statement", "simulator.statement.statement"),
            ("reverse", "simulator.statement.reverse"),
            ("certificate", "simulator.certificate.certificate"),
        ),
    ),
    "held": Entry(
        LOOK,
        brief="messages that could not be applied",
        words="What came in and could not be applied: listed, shown, read again, marked as dealt with.",
        members=(
            ("list", "upkeep.held.held_list"),
            ("show", "upkeep.held.held_show"),
            ("read-again", "upkeep.held.held_read_again"),
            ("done", "upkeep.held.held_done"),
        ),
        alone="upkeep.held.held_list",
    ),
    "qr": Entry(TAKE, "receipts.qr.qr", brief="a QR code that the customer's M-PESA app reads"),
    "order": Entry(
        TAKE,
        brief="tell of an order before anybody is asked for it",
        words="Orders that are known before anybody is asked for them.",
        members=(("add", "payments.order.order_add"),),
    ),
    "audit": Entry(
        LOOK,
        brief="prove that nobody changed the ledger",
        words="Prove the ledger, and print the head of its hash chain. Where it is not whole: change nothing, copy its "
        "folder aside, compare with the last backup; the first row that is named is where to begin.",
        members=(("verify", "upkeep.audit.audit_verify"), ("head", "upkeep.audit.audit_head")),
    ),
    "config": Entry(
        SET_UP,
        brief="what is configured, and is it right?",
        words="What is configured, where it came from, and whether it is right.",
        members=(
            ("show", "settings.config.config_show"),
            ("check", "settings.config.config_check"),
            ("path", "settings.config.config_path"),
        ),
    ),
    "operator": Entry(
        SET_UP,
        brief="who may agree that money goes out",
        words="The people who agree that money goes out, each known by a PIN.",
        members=(
            ("set", "money_out.operator.operator_set"),
            ("list", "money_out.operator.operator_list"),
            ("remove", "money_out.operator.operator_remove"),
        ),
    ),
    "owner": Entry(
        SET_UP,
        brief="the owner's page: which browsers may see it",
        words="The browsers that may see the owner's page (mpesa listen --owner): paired, listed, revoked.",
        members=(
            ("pair", "owner.owner.owner_pair"),
            ("list", "owner.owner.owner_list"),
            ("revoke", "owner.owner.owner_revoke"),
        ),
    ),
    "secrets": Entry(
        SET_UP,
        brief="keys and passwords, kept in the system's keyring",
        words="Consumer key and secret, passkey: kept in the system's keyring.",
        members=(
            ("set", "settings.secrets.secrets_set"),
            ("list", "settings.secrets.secrets_list"),
            ("delete", "settings.secrets.secrets_delete"),
        ),
    ),
    "token": Entry(
        SET_UP,
        brief="bearer tokens for the HTTP API",
        words="Bearer tokens for the HTTP API: made, listed, revoked.",
        members=(
            ("issue", "api.token.token_issue"),
            ("list", "api.token.token_list"),
            ("revoke", "api.token.token_revoke"),
        ),
    ),
}


class Commands(MutableMapping[str, Any]):
    """The commands by their names, each made when somebody first asks for it."""

    def __init__(self) -> None:
        """A tree of which no command is made yet."""
        self._made: dict[str, Any] = dict.fromkeys(ENTRIES)

    def __getitem__(self, name: str) -> Any:
        """The command. Raises KeyError."""
        if self._made[name] is None:
            self._made[name] = ENTRIES[name].build(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        """Put a command in its place."""
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        """Take a command away."""
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of a day's work."""
        return iter(self._made)

    def __len__(self) -> int:
        """The number of commands."""
        return len(self._made)


@cache
def _function(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"mpesa_cli.cli.{module}"), name)
