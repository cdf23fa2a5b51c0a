"""Every command: its place on the first page of help, and where its function stands.

A module is loaded, and its options are made, when its command is asked for: with forty commands that is a third
of what any of them takes to start.
"""

import inspect
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import typer

TAKE, LOOK, TEST, SET_UP = "Take payments", "Look", "Listen and test", "Set up"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a group of them. ``function`` is ``module.function`` below mpesa_cli.commands; a group has
    ``words`` for its help, its commands in ``members``, and what it does without one of them in ``alone``."""

    panel: str
    function: str = ""
    words: str = ""
    members: tuple[tuple[str, str], ...] = ()
    alone: str = ""

    def summary(self) -> str:
        """One sentence: what it is for."""
        text = self.words or inspect.getdoc(_function(self.function)) or ""
        first = " ".join(text.partition("\n\n")[0].split())
        return first.partition(". ")[0].removesuffix(".") + "."

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
    "push": Entry(TAKE, "push.push"),
    "retry": Entry(TAKE, "retry.retry"),
    "receipt": Entry(TAKE, "receipt.receipt"),
    "status": Entry(LOOK, "status.status"),
    "history": Entry(LOOK, "history.history"),
    "log": Entry(LOOK, "log.log"),
    "explain": Entry(LOOK, "explain.explain"),
    "verify": Entry(LOOK, "verify.verify"),
    "resolve": Entry(LOOK, "resolve.resolve"),
    "reconcile": Entry(LOOK, "reconcile.reconcile"),
    "listen": Entry(TEST, "listen.listen"),
    "c2b-register": Entry(TEST, "c2b_register.c2b_register"),
    "pull-register": Entry(TEST, "pull_register.pull_register"),
    "c2b-simulate": Entry(TEST, "c2b_simulate.c2b_simulate"),
    "trigger": Entry(TEST, "trigger.trigger"),
    "init": Entry(SET_UP, "init.init"),
    "doctor": Entry(SET_UP, "doctor.doctor"),
    "backup": Entry(SET_UP, "backup.backup"),
    "restore": Entry(SET_UP, "restore.restore"),
    "ledger": Entry(
        SET_UP,
        words="The ledger as such: begun anew on purpose.",
        members=(("begin", "ledger.ledger_begin"),),
    ),
    "erase": Entry(SET_UP, "erase.erase"),
    "help": Entry(SET_UP, "help_topics.help_"),
    "simulator": Entry(
        TEST,
        words="A Daraja to develop against: no account, no money.",
        members=(
            ("serve", "simulator.serve"),
            ("scenarios", "simulator.scenarios"),
            ("clock", "simulator.clock"),
            ("statement", "simulator_statement.statement"),
            ("reverse", "simulator_statement.reverse"),
            ("certificate", "simulator_certificate.certificate"),
        ),
    ),
    "held": Entry(
        LOOK,
        words="What came in and could not be applied: listed, shown, read again, marked as dealt with.",
        members=(
            ("list", "held.held_list"),
            ("show", "held.held_show"),
            ("read-again", "held.held_read_again"),
            ("done", "held.held_done"),
        ),
        alone="held.held_list",
    ),
    "order": Entry(
        TAKE,
        words="Orders that are known before anybody is asked for them.",
        members=(("add", "order.order_add"),),
    ),
    "audit": Entry(
        LOOK,
        words="Prove the ledger, and print the head of its hash chain. Where it is not whole: change nothing, copy its "
        "folder aside, compare with the last backup; the first row that is named is where to begin.",
        members=(("verify", "audit.audit_verify"), ("head", "audit.audit_head")),
    ),
    "config": Entry(
        SET_UP,
        words="What is configured, where it came from, and whether it is right.",
        members=(("show", "config.config_show"), ("check", "config.config_check"), ("path", "config.config_path")),
    ),
    "secrets": Entry(
        SET_UP,
        words="Consumer key and secret, passkey: kept in the system's keyring.",
        members=(
            ("set", "secrets.secrets_set"),
            ("list", "secrets.secrets_list"),
            ("delete", "secrets.secrets_delete"),
        ),
    ),
    "token": Entry(
        SET_UP,
        words="Bearer tokens for the HTTP API: made, listed, revoked.",
        members=(("issue", "token.token_issue"), ("list", "token.token_list"), ("revoke", "token.token_revoke")),
    ),
}


class Commands(MutableMapping[str, Any]):
    """The commands by their names, each made when somebody first asks for it."""

    def __init__(self) -> None:
        """None of them is made yet."""
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
        """How many there are."""
        return len(self._made)


@cache
def _function(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"mpesa_cli.commands.{module}"), name)
