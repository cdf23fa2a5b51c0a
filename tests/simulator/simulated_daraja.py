"""What the simulator's tests share: requests as a merchant writes them, and a Daraja on a clock that tests move."""

import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator import behaviour
from mpesa_cli.simulator.state import Rules, State
from mpesa_cli.simulator.wire import Reply, Request

if TYPE_CHECKING:
    from mpesa_cli.simulator.deliveries import Delivery

PAYLOADS = Path(__file__).parent.parent / "payloads"
START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
SECOND_US = 1_000_000
PAYS = "254708374149"
PUSH, QUERY = behaviour.PUSH_PATH, behaviour.QUERY_PATH


def payload(name: str) -> dict[str, object]:
    """An example payload by its file name."""
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def counting_hex() -> Callable[[int], str]:
    """Chance that never repeats itself, and is the same in every run."""
    numbers = itertools.count(1)
    return lambda size: f"{next(numbers) * 2_654_435_761 % 256**size:0{2 * size}x}"


def password(shortcode: str, stamp: str, passkey: str = "passkey") -> str:
    return base64.b64encode(f"{shortcode}{passkey}{stamp}".encode()).decode()


def push_body(msisdn: str = PAYS, amount: object = 100, at_us: int = START_US, **other: object) -> dict[str, object]:
    """A right push for a paybill; keyword arguments replace fields, None takes one out."""
    stamp = daraja_stamp(at_us)
    body: dict[str, object] = {
        "BusinessShortCode": "174379", "Password": password("174379", stamp), "Timestamp": stamp,
        "TransactionType": "CustomerPayBillOnline", "Amount": amount, "PartyA": msisdn, "PartyB": "174379",
        "PhoneNumber": msisdn, "CallBackURL": "http://127.0.0.1:9/hooks/0123456789abcdef", "AccountReference": "INV-1",
        "TransactionDesc": "Order 1",
    }
    body |= other
    return {key: value for key, value in body.items() if value is not None}


def query_body(ref: str, at_us: int = START_US) -> dict[str, object]:
    stamp = daraja_stamp(at_us)
    signed = {"BusinessShortCode": "174379", "Password": password("174379", stamp), "Timestamp": stamp}
    return {**signed, "CheckoutRequestID": ref}


def shape(value: object) -> object:
    """Keys and types of a JSON value. Whole and broken numbers are one type, as in JSON."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def seen(reply: Reply) -> dict[str, object]:
    """The JSON body of a reply."""
    return json.loads(reply.body)


class VirtualDaraja:
    """The pure function on a clock that only tests move."""

    def __init__(self, **rules: object) -> None:
        self.state = State(rules=Rules(**rules))
        self.now_us = START_US
        self.token_hex = counting_hex()
        self.token = self.fresh_token()
        self.delivered: list[tuple[float, Delivery]] = []

    def fresh_token(self, key: str = "any") -> str:
        reply = self.get_token(key)
        self.token = str(seen(reply)["access_token"])
        return self.token

    def get_token(self, key: str = "any", secret: str = "any") -> Reply:
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        path = "/oauth/v1/generate?grant_type=client_credentials"
        return self.handle(Request("GET", path, {"authorization": f"Basic {basic}"}))

    def handle(self, request: Request) -> Reply:
        return behaviour.handle(self.state, request, self.now_us, self.token_hex)

    def post(self, path: str, body: object) -> Reply:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        return self.handle(Request("POST", path, headers, json.dumps(body).encode()))

    def push(self, msisdn: str = PAYS, amount: object = 100, **other: object) -> Reply:
        return self.post(PUSH, push_body(msisdn, amount, self.now_us, **other))

    def accepted(self, msisdn: str = PAYS, amount: object = 100, **other: object) -> str:
        """Push, and return the CheckoutRequestID that the record has for it."""
        before = set(self.state.prompts)
        self.push(msisdn, amount, **other)
        (ref,) = set(self.state.prompts) - before
        return ref

    def query(self, ref: str) -> Reply:
        return self.post(QUERY, query_body(ref, self.now_us))

    def result(self, ref: str) -> str:
        """The result code that a query tells, or the error message."""
        told = seen(self.query(ref))
        return str(told.get("ResultCode", told.get("errorMessage")))

    def run(self, seconds: float) -> list[dict[str, object]]:
        """Let time pass in steps, noting each POST to the merchant with the second it left at."""
        bodies = []
        end_us = self.now_us + int(seconds * SECOND_US)
        while (due_us := behaviour.next_due_us(self.state)) is not None and due_us <= end_us:
            self.now_us = max(self.now_us, due_us)
            for delivery in behaviour.due(self.state, self.now_us):
                behaviour.delivered(self.state, delivery, self.now_us, 200)
                self.delivered.append(((self.now_us - START_US) / SECOND_US, delivery))
                bodies.append(json.loads(delivery.body))
        self.now_us = end_us
        return bodies

    def charges(self) -> list[behaviour.Charge]:
        return behaviour.charges(self.state, self.now_us)


def apart_from_id(error: dict[str, object]) -> dict[str, object]:
    """An error body without its request id, which is different every time."""
    return {key: value for key, value in error.items() if key != "requestId"}


def callback_of(body: dict[str, object]) -> dict[str, object]:
    return body["Body"]["stkCallback"]  # type: ignore[index]


def items_of(body: dict[str, object]) -> dict[str, object]:
    """The metadata of a success callback by name; an item without a value is None."""
    rows = callback_of(body)["CallbackMetadata"]["Item"]  # type: ignore[index]
    return {row["Name"]: row.get("Value") for row in rows}
