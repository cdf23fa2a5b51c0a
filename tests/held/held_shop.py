"""A shop with a listener's intake: what comes in, and what the commands then say of it. Not a test."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from daraja.callbacks.callback_bodies import c2b, encode

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.engine.dialect import Connection
from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.listener.intake.deliveries import C2bDelivery, Delivery, StkDelivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.ports import c2b_context
from mpesa_cli.rules.evidence import Accepted, Sending
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime

SECRET_HASH = hashlib.sha256(b"a secret").hexdigest()
RECEIPT = "UKO4Q7X81C"
PHONE = "254708374149"


class _Undone(Exception):
    """What was changed is not to be kept."""


class HeldShop:
    """One profile of the simulator, its ledger, and the intake of its listener."""

    def __init__(self, mpesa: Callable[..., Any], clock: Any, home: Path) -> None:
        self.mpesa, self.clock, self.home = mpesa, clock, home
        self.runtime = Runtime(environ={"MPESA_HOME": str(home)}, world=World(clock.now_us))
        self.profile = self.runtime.profile()
        self.ledger = self.runtime.ledger(self.profile)
        self.heard: list[Any] = []
        self.intake = Intake(
            self.ledger, self.runtime.world, self.heard.append, c2b=c2b_context(self.runtime, self.profile),
            sms_secret_hash=SECRET_HASH,
        )
        with self.ledger.write() as tx:
            HookWrites(tx).add(SECRET_HASH, clock.now_us())

    def close(self) -> None:
        """Close the ledger, which must be whole."""
        try:
            assert list(flaws(self.ledger)) == []
        finally:
            self.runtime.close()

    @contextlib.contextmanager
    def behind_its_back(self) -> Iterator[Connection]:
        """A connection that changes the ledger as nobody should; what it changed is undone at the end."""
        with contextlib.suppress(_Undone), self.ledger.engine.transaction() as connection:
            yield connection
            raise _Undone

    def receive(self, delivery: Delivery) -> Verdict:
        """One delivery, stored and settled."""
        verdict = self.intake.receive([delivery])[0]
        self.intake.settling.settle()
        return verdict

    def confirm(self, body: bytes | None = None, **changed: object) -> Verdict:
        """A C2B confirmation on the secret address; ``changed`` fields of a right one, or any body."""
        said = encode(c2b(**{"BusinessShortCode": self.profile.shortcode, **changed})) if body is None else body
        return self.receive(C2bDelivery("confirmation", SECRET_HASH, said, "196.201.214.200"))

    def prompt(
        self, order: str, *, amount: int = 150, token: str = "t", phone: str = PHONE, reference: str | None = None,
        accepted: bool = True, checkout_id: str = "ws_CO_24112026103001482708374149",
    ) -> AttemptRef:
        """A prompt that Daraja accepted, on the virtual clock."""
        at_us, token_hash = self.clock.now_us(), hashlib.sha256(token.encode()).hexdigest()
        with self.ledger.write() as tx:
            intent = Intent(
                f"PAY-{order}", order, self.profile.name, self.profile.shortcode, amount * 100, phone,
                order if reference is None else reference, "x", token_hash,
            )
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, Sending(at_us, 1))
            if accepted:
                tx.append(ref, Accepted(at_us, 1, "m-1", checkout_id))
        return ref

    def callback(self, body: bytes, token: str = "t") -> Verdict:
        """A body on the prompt's own address."""
        token_hash = hashlib.sha256(token.encode()).hexdigest()
        return self.receive(StkDelivery(token_hash, body, "196.201.214.200"))

    def reconcile(self, *options: str) -> tuple[int, dict[str, Any]]:
        """Status and document of one run."""
        done = self.mpesa("reconcile", "--json", *options)
        return done.status, json.loads(done.stdout)


def with_own_words(mpesa: Callable[..., Any], clock: Any, home: Path) -> HeldShop:
    """A shop whose prompts show ``DUKA-`` before the order id, as its customers then type it."""
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        'default_profile = "duka"\n[profile.duka]\nenvironment = "simulator"\nkind = "paybill"\n'
        'shortcode = "600100"\naccount_reference = "DUKA-{order}"\n'
    )
    return HeldShop(mpesa, clock, home)
