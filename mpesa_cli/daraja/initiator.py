"""The common part of the initiator APIs: a request's signature and addresses, and its first answer (daraja.md 6).

The answer to the POST only says that Daraja took the request. The result comes later, to an address that ends
in a token of its own, and may come before that answer.
"""

from collections.abc import Callable, Mapping

from mpesa_cli.daraja.answers import SPIKE_PAUSE_S
from mpesa_cli.daraja.error_body import blames_credentials, limits_rate, read_code, read_error, told
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, OutcomeUnknown, RequestRefused, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.addresses import Hook
from mpesa_cli.floor.wire.plain_words import one_line
from mpesa_cli.floor.wire.strict_json import Json, UnreadableError, read_json
from mpesa_cli.floor.wire.wire_text import wire_id


@dataclass(frozen=True, slots=True)
class Initiator:
    """The sender. ``credential`` makes a fresh SecurityCredential; ``callback_base`` is where results are to come.

    ``shortcodes`` are all numbers under which the shop is paid, ``shortcode`` the one that asks.
    """

    name: str
    shortcode: str
    shortcodes: tuple[str, ...]
    callback_base: str
    credential: Callable[[], Secret]


@dataclass(frozen=True, slots=True)
class Command:
    """One request: its API's path, Daraja's CommandID, its subject, and the fields of its own.

    ``repeatable`` says that a second POST is harmless, as for a question. A reversal is not: in doubt its second
    POST would be the second reversal.
    """

    path: str
    command_id: str
    subject: str
    fields: Mapping[str, str]
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Ack:
    """A request that Daraja took, and Daraja's ids for it."""

    conversation_id: str
    originator_conversation_id: str


def request_body(command: Command, initiator: Initiator, token: str) -> dict[str, str]:
    """The JSON body. ``token`` is the 32 hexadecimal characters that both addresses end in."""
    base = initiator.callback_base
    return {
        "Initiator": initiator.name,
        "SecurityCredential": initiator.credential().reveal(),
        "CommandID": command.command_id,
        **command.fields,
        "ResultURL": Hook("result", token).at(base),
        "QueueTimeOutURL": Hook("timeout", token).at(base),
    }


def read_ack(status: int, body: bytes, *, repeatable: bool) -> Ack:
    """Read the answer to the POST. Raises RequestRefused, CredentialsRefused, Temporary, OutcomeUnknown.

    Temporary where Daraja asks for patience, or where it may have taken the request and that does no harm.
    """
    found = read_json(body)
    if status == 200 and isinstance(found, dict) and "errorCode" not in found:
        code = read_code(found.get("ResponseCode"))
        if code and not code.strip("0"):
            return Ack(_id(found.get("ConversationID")), _id(found.get("OriginatorConversationID")))
        if code:
            words = found.get("ResponseDescription")
            raise _refused(f"{code}: {one_line(words) if isinstance(words, str) else 'no reason given'}")
    raise _no_ack(status, body, repeatable=repeatable)


def _no_ack(status: int, body: bytes, *, repeatable: bool) -> MpesaError:
    said = read_error(body) if 400 <= status <= 599 else None
    shown = told(status, body)
    if limits_rate(status, said):
        return Temporary(
            f"Daraja asks for patience. [{shown}]",
            hint=f"Nothing was asked. Run the same command again in {SPIKE_PAUSE_S} s.",
            code="daraja-busy",
        )
    if said is not None and blames_credentials(said):
        return CredentialsRefused(
            f"The app lacks this API, or its keys are wrong. [{shown}]",
            hint="Nothing was asked. Add the product to the app in the Daraja portal, then: mpesa config check --live",
            code="initiator-no-product",
        )
    if said is not None and status < 500:
        return _refused(shown)
    if repeatable:
        return Temporary(
            f"Daraja did not take the question (HTTP {status}). [{shown}]",
            hint="It moves no money. Run the same command again in a minute.",
            code="daraja-busy",
        )
    return OutcomeUnknown(
        f"It is not known whether Daraja took the request (HTTP {status}). [{shown}]",
        hint="Money may move. It is not sent again; look at the statement first: mpesa reconcile --help",
    )


def _refused(shown: str) -> RequestRefused:
    return RequestRefused(
        f"Daraja refused the request. [{shown}]",
        hint="Nothing was asked and nothing moved. Check the initiator and the addresses: mpesa config show",
        code="initiator-refused",
    )


def _id(value: Json) -> str:
    try:
        return wire_id(value)
    except UnreadableError:
        return ""
