"""``mpesa listen --owner``: the owner's page beside the listener, over a connection of its own to the ledger."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.listener.server.certificate import Certificate
    from mpesa_cli.owner.reading import Look, Shop
    from mpesa_cli.settings.profile import Profile


class OwnerPage:
    """The page of one listener: its port is taken at once, so that it is known before callbacks are."""

    def __init__(
        self, runtime: Runtime, profile: "Profile", host: str, port: int, certificate: "Certificate | None",
        public_urls: Iterable[str | None], named_profile: str | None,
    ) -> None:
        """``named_profile`` stands in the page's commands. Raises SettingsError, or MpesaError of the port."""
        from mpesa_cli.listener.server.server import bind
        from mpesa_cli.owner.address import shown_host
        from mpesa_cli.owner.page.parts import parts
        from mpesa_cli.owner.page.words import Commands
        from mpesa_cli.owner.reading import look
        from mpesa_cli.owner.server.app import OwnerApp
        from mpesa_cli.owner.server.doors import doors
        from mpesa_cli.owner.server.live import Live
        from mpesa_cli.owner.server.serving import Serving
        from mpesa_cli.owner.viewers.gate import Gate
        from mpesa_cli.terminal.payment_words import environment_label

        self._runtime, self._profile = runtime, profile
        own = doors(host, public_urls)
        listening = bind(host, port, "--owner-port")
        self._ledger = runtime.new_ledger(profile)
        shown, taken = shown_host(host), int(listening.getsockname()[1])
        self._is_local, self._is_plain = _is_local(shown), certificate is None
        named = f"[{shown}]" if ":" in shown else shown
        self.url = f"{'http' if certificate is None else 'https'}://{named}:{taken}"
        shop, commands, now_us = _shop(profile), Commands(named_profile), runtime.world.now_us

        def rendered(found: "Look | None", trouble: str) -> Mapping[str, str]:
            return parts(found, trouble, commands)

        live = Live(self._ledger, lambda ledger: look(ledger, shop, now_us()), rendered, runtime.world.steady_s)
        title = profile.shop_name or f"{profile.kind.capitalize()} {profile.party_b}"
        gate = Gate(self._ledger, runtime.world)
        app = OwnerApp(title, environment_label(profile.environment), own, gate, live, runtime.world.steady_s)
        self._live = live
        self._serving = Serving(listening, app, live, certificate, runtime.streams.complain, runtime.world)

    def start(self) -> None:
        """Serve it, and note where, so that browsers can be paired."""
        from mpesa_cli.owner.address import note_address

        self._serving.start()
        note_address(self._profile.ledger, self.url)
        say = self._runtime.streams.say
        say(f"The owner's page is at {self.url}. Pair a browser:  mpesa owner pair")
        if self._is_local:
            say("Only this machine can open it. For phones in the shop:  mpesa listen --owner --owner-host ADDRESS")
        elif self._is_plain:
            say("It is plain http: whoever can listen in on this network could read it. https: --tls-cert.")

    def nudge(self) -> None:
        """Something was settled."""
        self._live.nudge()

    def stop(self) -> None:
        """End every stream and close the port."""
        from mpesa_cli.owner.address import forget_address

        forget_address(self._profile.ledger, self.url)
        self._serving.stop()
        self._ledger.close()


def _shop(profile: "Profile") -> "Shop":
    from mpesa_cli.initiator.listener_alive import last_alive_us
    from mpesa_cli.owner.reading import Shop

    return Shop(
        shortcode=profile.shortcode,
        shortcodes=profile.takes_money_on,
        sends_sms=profile.sends_receipts,
        compare_within_us=profile.compare_within_us,
        needs_listener=profile.listener != "none",
        answered_us=lambda: last_alive_us(profile.ledger),
    )


def _is_local(host: str) -> bool:
    from mpesa_cli.floor.web_address import is_loopback

    return is_loopback(host)
