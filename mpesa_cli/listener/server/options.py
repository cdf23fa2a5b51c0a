"""Options of a listener. Those that would leave it open to strangers are refused before a port is opened."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import is_loopback
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import Ask, C2bContext
from mpesa_cli.listener.server.peer import CallbackIps, Tunnel

if TYPE_CHECKING:
    from mpesa_cli.listener.intake.spool import Spool
    from mpesa_cli.listener.server.asgi import Api
    from mpesa_cli.listener.server.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that a listener gets from the rest of the program.

    ``open_ledger`` is called in the writer's thread, and its ledger is closed there. ``c2b`` None
    has no C2B path; ``sms_secret_hash`` (SHA-256) is that of the address for delivery reports of text
    messages, empty where there is none; ``ask`` None only keeps bodies from paths without a secret.
    ``api`` is served on the same port, on its own paths; None serves none. ``further_files`` may be
    open for others. ``note_alive`` is called every half minute while bodies can be stored, in a thread of its own.
    ``on_tick`` is called some times a second. ``spool`` keeps bodies while the ledger is away;
    None, they are answered 503. ``beside`` has the same for further ledgers, of which what the listener has
    once counts here alone; then ``profile`` names each in its events.
    """

    open_ledger: Callable[[], Ledger]
    world: World
    on_event: OnEvent
    c2b: C2bContext | None = None
    ask: Ask | None = None
    sms_secret_hash: str = ""
    api: "Api | None" = None
    further_files: int = 0
    note_alive: Callable[[], object] | None = None
    on_tick: Callable[[], None] = lambda: None
    spool: "Spool | None" = None
    profile: str = ""
    beside: tuple["Parts", ...] = ()

    def tell(self, event: Event) -> None:
        """Pass on an event of this ledger."""
        self.on_event(replace(event, profile=self.profile) if self.profile else event)


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """The address and limits of a listener. ``port`` 0 takes any free one; times are seconds.

    ``head_and_body_s`` is how long a request's head, and then its body, may take to arrive in full;
    ``answer_s`` how long a request waits for its commit before it is answered 503; ``validation_s`` the same for a
    validation that the ledger need not decide.
    """

    host: str = "127.0.0.1"
    port: int = 8310
    behind_proxy: bool = False
    certificate: "Certificate | None" = None
    tunnel: Tunnel = "none"
    callback_ips: CallbackIps = "off"
    connections_max: int = 1000
    head_and_body_s: float = 10.0
    keep_alive_s: int = 5
    answer_s: float = 5.0  # M-PESA waits 8 s for a validation
    validation_s: float = 1.5

    def check(self) -> None:
        """Raise SettingsError for combinations that promise a safety they can't give."""
        local = is_loopback(self.host)
        if not local and not self.behind_proxy and self.certificate is None:
            raise SettingsError(
                f"Listening on {self.host} would take callbacks over plain HTTP from the whole network.",
                hint="Nothing was started. Behind a reverse proxy on another machine add --behind-proxy, "
                "or give --tls-cert. With a proxy or tunnel on this machine leave the host out: mpesa listen",
                code="listen-needs-proxy-or-certificate",
            )
        if self.callback_ips == "enforce" and self.tunnel == "none" and local:
            raise SettingsError(
                "callback_ips = 'enforce' can't work here: every caller on a loopback port is this machine.",
                hint="Nothing was started. Say which tunnel is in front: tunnel = 'cloudflare' or 'nginx'. As "
                "an ssh -R tunnel hides every address, set callback_ips = 'off'. Then: mpesa listen",
                code="listen-address-unknowable",
            )
