"""C2B: registering the URLs, and simulating a payment (daraja.md 5). Moves no money."""

from collections.abc import Mapping
from typing import Literal, Protocol

from mpesa_cli.daraja.endpoints import C2B_REGISTER_V1, C2B_REGISTER_V2, C2B_SIMULATE_V1, C2B_SIMULATE_V2
from mpesa_cli.daraja.error_body import lacks_product, read_error, told
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, RequestRefused, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import Unreadable, read_json

Version = Literal["v1", "v2"]
_NOT_FOUND = 404
_REGISTER = {"v1": C2B_REGISTER_V1, "v2": C2B_REGISTER_V2}
_SIMULATE = {"v1": C2B_SIMULATE_V1, "v2": C2B_SIMULATE_V2}


class Posts(Protocol):
    """The part of the client that C2B needs."""

    def post(self, path: str, body: Mapping[str, str]) -> tuple[int, bytes]:
        """One POST; its status and body. Raises CredentialsRefused, NotDelivered, Temporary."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that Daraja took. ``version`` is the API version that the app has."""

    version: Version


def register_body(shortcode: str, confirmation_url: str, validation_url: str, on_timeout: str) -> dict[str, str]:
    """The JSON body of a registration. ``on_timeout`` is "completed" or "cancelled"."""
    return {
        "ShortCode": shortcode,
        "ResponseType": on_timeout.capitalize(),  # exactly Completed or Cancelled
        "ConfirmationURL": confirmation_url,
        "ValidationURL": validation_url,
    }


def register(client: Posts, body: Mapping[str, str], version: Version | None) -> Registered:
    """Register with the given version, or with v2 and then v1 where the app has another product.

    Raises RequestRefused ("c2b-already-registered" and others), CredentialsRefused, Temporary.
    """
    versions: tuple[Version, ...] = (version,) if version else ("v2", "v1")
    for each in versions:
        status, answer = client.post(_REGISTER[each], body)
        if _accepted(status, answer):
            return Registered(each)
        if each != versions[-1] and _is_elsewhere(status, answer):
            continue
        raise _refusal(status, answer)
    raise AssertionError("unreachable")


def simulate(
    client: Posts, shortcode: str, kind: str, msisdn: str, amount: int, reference: str,
    registered: Version | None = None,
) -> Version:
    """Simulate a customer paying by hand, in the sandbox or the simulator. Returns the version that took it.

    The version whose addresses are ``registered`` is tried first: a payment by the other is not reported to them.
    """
    body = {
        "ShortCode": shortcode,
        "CommandID": "CustomerPayBillOnline" if kind == "paybill" else "CustomerBuyGoodsOnline",
        "Amount": str(amount),
        "Msisdn": msisdn,
        **({"BillRefNumber": reference} if kind == "paybill" else {}),
    }
    versions: tuple[Version, ...] = ("v1", "v2") if registered == "v1" else ("v2", "v1")
    for each in versions:
        status, answer = client.post(_SIMULATE[each], body)
        if _accepted(status, answer):
            return each
        if each != versions[-1] and _is_elsewhere(status, answer):
            continue
        raise _refusal(status, answer)
    raise AssertionError("unreachable")


def _is_elsewhere(status: int, body: bytes) -> bool:
    """Whether the app lacks this version: no product of it, or nothing at its path."""
    said = read_error(body)
    if said is None:
        return status == _NOT_FOUND
    return lacks_product(said) or (status == _NOT_FOUND and said.says("resource not found"))


def _accepted(status: int, body: bytes) -> bool:
    """Whether it is HTTP 200 with ResponseCode 0, or the older form: no code, but "success" (daraja.md 5.1)."""
    said = read_json(body)
    if status != 200 or isinstance(said, Unreadable) or not isinstance(said, dict):
        return False
    code = str(said.get("ResponseCode", ""))
    if code:
        return code.strip("0") == ""
    return str(said.get("ResponseDescription", "")).lower().startswith(("success", "accept"))


def _refusal(status: int, body: bytes) -> MpesaError:
    text = body.decode("utf-8", "replace")
    lower = text.lower()
    shown = told(status, body)
    if "already registered" in lower or "duplicate notification info" in lower:
        return RequestRefused(
            f"Daraja says that URLs are already registered for this shortcode. [{shown}]",
            hint="Production takes one registration. Delete the old one in the Daraja portal (Self Services, URL "
            "Management; two operators must approve), or write to apisupport, then run the same command again.",
            code="c2b-already-registered",
        )
    if "apiproduct" in lower:
        return CredentialsRefused(
            f"The app has no C2B product, neither v2 nor v1. [{shown}]",
            hint="Add Customer To Business to the app in the Daraja portal, then run the same command again.",
            code="c2b-no-product",
        )
    if status >= 500 or status in {403, 429}:
        return Temporary(
            f"Daraja could not do it just now (HTTP {status}). [{shown}]",
            hint="Nothing was charged. Run the same command again in a few minutes.",
            code="daraja-busy",
        )
    return RequestRefused(
        f"Daraja refused it (HTTP {status}). [{shown}]",
        hint="Nothing was changed. Check shortcode and URLs: mpesa config show",
        code="c2b-refused",
    )

