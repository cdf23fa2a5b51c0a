"""What the tests of the simulator's initiator APIs share: requests that are signed, and their results. Not a test."""

import base64
import json
from functools import cache
from typing import Any

from simulated_daraja import PAYS, VirtualDaraja, payload, seen

from mpesa_cli.simulator.initiator_key import InitiatorKey
from mpesa_cli.simulator.wire import Reply

REVERSAL = "/mpesa/reversal/v1/request"
B2C_V1, B2C_V3 = "/mpesa/b2c/v1/paymentrequest", "/mpesa/b2c/v3/paymentrequest"
STATUS = "/mpesa/transactionstatus/v1/query"
BALANCE, B2B, TAX = "/mpesa/accountbalance/v1/query", "/mpesa/b2b/v1/paymentrequest", "/mpesa/b2b/v1/remittax"
REQUESTS = {
    REVERSAL: "reversal.request", B2C_V1: "b2c.request.v1", B2C_V3: "b2c.request.v3",
    STATUS: "transactionstatus.request.by-receipt", BALANCE: "accountbalance.request", B2B: "b2b-paybill.request",
    TAX: "remittax.request",
}
SHOP = "174379"


@cache
def key() -> InitiatorKey:
    """One key pair for all: making it takes longer than a test."""
    return InitiatorKey()


@cache
def credential(password: str) -> str:
    """The password as a merchant encrypts it for the simulator."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    public = x509.load_pem_x509_certificate(key().certificate()).public_key()
    return base64.b64encode(public.encrypt(password.encode(), PKCS1v15())).decode()  # type: ignore[union-attr]


class Desk:
    """A simulated Daraja whose initiator APIs are asked."""

    def __init__(self, **rules: object) -> None:
        self.daraja = VirtualDaraja(initiator_key=key(), **rules)

    def paid(self, amount: int = 150, msisdn: str = PAYS) -> str:
        """The receipt of a prompt that was paid."""
        ref = self.daraja.accepted(msisdn, amount=amount)
        self.daraja.run(10)
        return self.daraja.state.prompts[ref].receipt

    def body(self, path: str, *, password: str = "right", **other: Any) -> dict[str, object]:
        """A right request; keyword arguments replace fields, None takes one out."""
        document = payload(REQUESTS[path]) | {"SecurityCredential": credential(password)}
        document["ReceiverParty" if path == REVERSAL else "PartyA"] = SHOP
        document |= other
        return {name: value for name, value in document.items() if value is not None}

    def ask(self, path: str, **other: Any) -> Reply:
        return self.daraja.post(path, self.body(path, **other))

    def reverse(self, receipt: str, **other: Any) -> Reply:
        return self.ask(REVERSAL, TransactionID=receipt, **other)

    def results(self, seconds: float = 10) -> list[dict[str, Any]]:
        """The results that come within this time."""
        return [told["Result"] for told in self.daraja.run(seconds)]  # type: ignore[misc]

    def result(self, path: str, **other: Any) -> dict[str, Any]:
        """Ask; the one result that comes."""
        assert seen(self.ask(path, **other))["ResponseCode"] == "0"
        (told,) = self.results()
        return told

    def record(self) -> dict[str, Any]:
        """The simulator's record, as ``GET /simulator/prompts`` gives it."""
        from mpesa_cli.floor.world import World
        from mpesa_cli.simulator.engine import Engine
        from mpesa_cli.simulator.store import MemoryStore

        store = MemoryStore()
        with store.change() as state:
            for name in type(state).__slots__:
                setattr(state, name, getattr(self.daraja.state, name))
        return json.loads(json.dumps(Engine(store, World(lambda: self.daraja.now_us)).record()))


def parameters(told: dict[str, Any]) -> dict[str, Any]:
    """The result parameters by their keys; one without a value is None."""
    return {each["Key"]: each.get("Value") for each in told["ResultParameters"]["ResultParameter"]}
