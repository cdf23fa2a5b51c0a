"""One shop on one machine, played: its home, its commands as processes, its listener. Not a test."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import disk as played_disk
import outside
from baton import Baton, Plan, Process
from messages import odd_stk
from truth import SHORTCODE, Truth

from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.intake import intake as intake_of
from mpesa_cli.listener.ports import c2b_context
from mpesa_cli.listener.server.routes import address_of
from mpesa_cli.payments.ask import ask
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
PUBLIC = "https://pay.example.co.ke"
DARAJA = ("196.201.214.200", "196.201.214.206")
CONFIG = f"""
default_profile = "shop"
[profile.shop]
environment = "production"
kind = "paybill"
shortcode = "{SHORTCODE}"
account_reference = "{{order}}"
callback_base_url = "{PUBLIC}"
"""


@dataclass
class Message:
    """A body that came to the listener, and what it was answered."""

    path: str
    body: bytes
    status: int
    at_us: int
    receipt: str  # the true receipt that it is about; empty where none is
    form: str


@dataclass
class Shop:
    """The machine's world. ``home`` is where everything of the shop lies."""

    home: Path
    baton: Baton
    truth: Truth
    random: Random
    messages: list[Message] = field(default_factory=list)
    later: list[tuple[int, Message]] = field(default_factory=list)  # bodies that come again, or late
    listening: bool = True
    settles: bool = True
    stk_forms: dict[str, str] = field(default_factory=dict)  # by CheckoutRequestID: how its callback is odd
    c2b_secret: str = ""
    other_home: Path | None = None
    on_message: Callable[[Message], None] = lambda message: None

    def __post_init__(self) -> None:
        self.network = outside.Network(self.baton, self.truth.answer)
        self.network.callbacks_first = self.happen
        self.disk = played_disk.Disk(self.baton)
        self.baton.due, self.baton.happen = self.next_due_us, self.happen
        self._intake: intake_of.Intake | None = None
        self._listener_runtime: Runtime | None = None
        self.commands = 0

    @property
    def ledger_path(self) -> Path:
        return self.home / "data" / "shop-production.db"

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """The program plays in this shop for as long as the block runs."""
        kept = {name: os.environ.get(name) for name in ("HOME", "XDG_STATE_HOME")}
        queries, intake_of.QueryThread = intake_of.QueryThread, _QueriesAtOnce  # type: ignore[misc,assignment]
        os.environ |= {"HOME": str(self.home / "user"), "XDG_STATE_HOME": str(self.home / "user" / "state")}
        try:
            with outside.installed(self.baton, self.network), played_disk.installed(self.disk), self.truth.installed():
                yield
        finally:
            for process in list(self.baton.processes):
                self.baton.kill(process)
            self.stop_listener()
            intake_of.QueryThread = queries  # type: ignore[misc]
            for name, value in kept.items():
                os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)

    # Commands.
    def runtime(self, process: Process | None, stdin: str = "", env: Mapping[str, str] | None = None) -> Runtime:
        environ = {
            "MPESA_HOME": str(self.home), "MPESA_CONFIG": str(self.home / "config.toml"), "TERM": "dumb",
            "MPESA_CONSUMER_KEY": "key", "MPESA_CONSUMER_SECRET": "secret", "MPESA_PASSKEY": "passkey",
            "HOME": str(self.home / "user"), "XDG_STATE_HOME": str(self.home / "user" / "state"), "USER": "cashier",
            "MPESA_API_SECRET": "0123456789abcdef" * 4, "LOGNAME": "cashier", **(env or {}),
        }
        streams = Streams(stdin=io.StringIO(stdin), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
        return Runtime(
            streams=streams, environ=environ, world=World(
                self.baton.now_us, self.baton.sleep,
                lambda count: self.random.randbytes(count).hex(), self.random.random,
            ),
        )

    def start(self, argv: list[str], plan: Plan, *, env: Mapping[str, str] | None = None, **facts: Any) -> Process:
        """A command as a process, which has not run yet."""
        self.commands += 1
        process = Process(f"{self.commands}: mpesa {' '.join(argv)}", plan)
        runtime = self.runtime(process, env=env)
        process.facts |= {"argv": argv, "runtime": runtime, "began_us": self.baton.true_us, **facts}
        return self.baton.spawn(process, lambda: main(argv, runtime))

    def run(self, argv: list[str], plan: Plan | None = None, **more: Any) -> "Said":
        """A command to its end, or to where its plan stops it."""
        process = self.start(argv, plan or Plan(), **more)
        self.baton.drive()
        return said_of(process)

    # The listener: one intake with a ledger handle of its own, which the world calls.
    def intake(self) -> intake_of.Intake:
        if self._intake is None:
            runtime = self.runtime(None)
            profile = runtime.profile()
            ledger = OneThreadLedger.of(runtime, profile)
            self._listener_runtime = runtime
            self._intake = intake_of.Intake(
                ledger, runtime.world, lambda _: None, c2b=c2b_context(runtime, profile),
                ask=lambda payment, attempt: ask(ledger, runtime.daraja(profile), payment, attempt, runtime.world),
            )
            self._intake.settling.recover()
        return self._intake

    def come_up(self) -> None:
        """The listener's process begins, and settles first what is stored."""
        self.baton._inside_world += 1
        try:
            if self.listening and self.settles:
                self.intake().settling.settle()
        except Exception:  # noqa: BLE001 - the ledger is gone or can't be opened
            self.stop_listener()
        finally:
            self.baton._inside_world -= 1

    def stop_listener(self) -> None:
        """Its process is gone, with whatever it had not settled."""
        intake, self._intake = self._intake, None
        if intake is not None:
            intake._ledger.close()  # type: ignore[attr-defined]

    def next_due_us(self) -> int | None:
        times = [at_us for at_us, _ in self.later]
        if (next_us := self.truth.next_due_us()) is not None:
            times.append(next_us)
        return min(times, default=None)

    def happen(self) -> None:
        """What is due comes to the listener, once."""
        for delivery in self.truth.take_due():
            receipt = self.truth.state.prompts[delivery.ref].receipt if delivery.kind == "stk" else ""
            form = self.stk_forms.get(delivery.ref, "plain")
            body = odd_stk(delivery.body, form) if delivery.kind == "stk" else delivery.body
            self.receive(Message(urlsplit(delivery.url).path, body, 0, 0, receipt, form))
        due = [each for each in self.later if each[0] <= self.baton.true_us]
        self.later = [each for each in self.later if each[0] > self.baton.true_us]
        for _, message in due:
            self.receive(message)

    def receive(self, message: Message) -> int:
        """One POST to the listener. Returns its answer, 0 where nobody listens."""
        status = 0
        self.baton._inside_world += 1
        try:
            address = address_of(message.path)
            if self.listening and address is not None:
                status = self._received(address(message.body, DARAJA[0]))
        finally:
            self.baton._inside_world -= 1
        heard = Message(message.path, message.body, status, self.baton.true_us, message.receipt, message.form)
        self.messages.append(heard)
        if status == 200 and heard.receipt:
            self.truth.told.setdefault(heard.receipt, self.baton.true_us)
        self.on_message(heard)
        return status

    def _received(self, delivery: Any) -> int:
        try:
            intake = self.intake()
            status = intake.receive([delivery])[0].status
            if self.settles:
                intake.settling.settle()
        except Exception:  # noqa: BLE001 - the ledger is gone or can't be opened: the listener does not come up
            self.stop_listener()
            return 503
        return status

    def c2b_path(self, step: str = "confirmation") -> str:
        return f"/hooks/{self.c2b_secret}/c2b/{step}"


class _QueriesAtOnce:
    """The listener's thread that asks Daraja, without the thread."""

    def __init__(self, asks: Callable[[Any, Any], object]) -> None:
        self._asks = asks

    def ask(self, payment: Any, attempt: Any) -> None:
        with contextlib.suppress(Exception):  # status and reconcile ask again
            self._asks(payment, attempt)


class OneThreadLedger(Ledger):
    """A ledger whose one connection serves whichever thread plays just now."""

    @classmethod
    def of(cls, runtime: Runtime, profile: Any) -> "OneThreadLedger":
        made = runtime.new_ledger(profile)
        connection = made._connection()
        made._local = SimpleNamespace(connection=connection)  # type: ignore[assignment]
        made.__class__ = cls
        return made  # type: ignore[return-value]


@dataclass
class Said:
    """What a command said: exit status (None where it did not come to its end), streams, its JSON document."""

    process: Process
    status: int | None
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.stdout)
        except ValueError:
            return None


def said_of(process: Process) -> Said:
    streams = process.facts["runtime"].streams
    status = process.result if process.over and not process.dead else None
    return Said(process, status, streams.stdout.getvalue(), streams.stderr.getvalue())


_templates: dict[Path, tuple[Path, str]] = {}


def new_shop(folder: Path, seed: int) -> Shop:
    """A shop on the morning of its first day: configuration, and a ledger with its C2B addresses registered."""
    if folder.parent not in _templates:
        made = Shop(*_parts(folder.with_name("template"), 0))
        made.home.mkdir(parents=True)
        (made.home / "config.toml").write_text(CONFIG)
        with made.opened():
            said = made.run(["c2b-register", "--yes", "--json"])
            if said.status != 0:
                raise RuntimeError(f"the shop can't be opened: {said.stdout}{said.stderr}")
        secret = made.truth.state.registrations[SHORTCODE].confirmation_url.split("/")[-3]
        _templates[folder.parent] = (made.home, secret)
    home, secret = _templates[folder.parent]
    shutil.copytree(home, folder)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    shop = Shop(*_parts(folder, seed))
    shop.c2b_secret = secret
    return shop


def _parts(home: Path, seed: int) -> tuple[Path, Baton, Truth, Random]:
    baton = Baton(START_US)
    return home, baton, Truth(baton, Random(f"{seed}:truth")), Random(f"{seed}:ids")

