"""The connection to one Daraja host: opened on first use, each exchange reported to the trace."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.web_address import WebAddress
from mpesa_cli.floor.wire.exchange import Limits, Outcome

if TYPE_CHECKING:
    from mpesa_cli.floor.gate import Deadline
    from mpesa_cli.floor.wire.http import Wire
    from mpesa_cli.floor.wire.transport import Transport


class Channel:
    """A sender of requests. ``secrets`` are those that an answer may echo and no trace may show."""

    def __init__(
        self,
        base: WebAddress,
        limits: Limits,
        transport: "Transport | None",
        trace: Callable[[str], None] | None,
    ) -> None:
        """Nothing is opened or imported yet."""
        self._base = base
        self._limits = limits
        self._transport = transport
        self._trace = trace
        self._wire: Wire | None = None

    def open(self) -> "Wire":
        """Load the HTTP library and check proxy and trust store. Raises SettingsError."""
        if self._wire is None:
            from mpesa_cli.floor.wire.trust import Trust

            trust = Trust() if self._base.is_https and self._transport is None else None
            from mpesa_cli.floor.wire.http import Wire

            self._wire = Wire(self._base, self._limits, self._transport, trust)
        return self._wire

    def get(self, path: str, basic: Secret, secrets: Sequence[Secret], by: "Deadline | None" = None) -> Outcome:
        """One GET with basic authentication, over by ``by``. A good answer is secret as a whole and is not traced."""
        self._tell_request("GET", path, None, secrets)
        outcome = self.open().exchange("GET", path, headers={"authorization": f"Basic {basic.reveal()}"}, by=by)
        self._tell_answer(outcome, secrets, body_is_secret=True)
        return outcome

    def post(
        self, path: str, body: Mapping[str, str], token: Secret, secrets: Sequence[Secret], by: "Deadline | None" = None
    ) -> Outcome:
        """Exactly one POST of a JSON body, which leaves before ``by`` or never."""
        self._tell_request("POST", path, body, secrets)
        outcome = self.open().exchange(
            "POST",
            path,
            headers={"authorization": f"Bearer {token.reveal()}", "content-type": "application/json"},
            body=json.dumps(dict(body), separators=(",", ":")).encode(),
            by=by,
        )
        self._tell_answer(outcome, secrets)
        return outcome

    def close(self) -> None:
        """Close the connections. The next request opens them again."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _tell_request(
        self, method: str, path: str, body: Mapping[str, str] | None, secrets: Sequence[Secret]
    ) -> None:
        if self._trace is not None:
            from mpesa_cli.daraja.tracing import request_line

            self._trace(request_line(method, self._base.url + path, body, secrets))

    def _tell_answer(self, outcome: Outcome, secrets: Sequence[Secret], *, body_is_secret: bool = False) -> None:
        if self._trace is not None:
            from mpesa_cli.daraja.tracing import answer_line

            self._trace(answer_line(outcome, secrets, body_is_secret=body_is_secret))
