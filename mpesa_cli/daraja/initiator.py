"""The common part of the initiator APIs: a request's signature and addresses, and its first answer (daraja.md 6).

The answer to the POST only says that Daraja took the request. The result comes later, to an address that ends
in a token of its own, and may come before that answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum

from mpesa_cli.daraja.answers import SPIKE_PAUSE_S
from mpesa_cli.daraja.error_body import Said, blames_credentials, is_no, limits_rate, read_code, read_error, told
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


class Again(StrEnum):
    """The harm of a second POST of a request, where it is in doubt whether the first one arrived."""

    FREE = "free"  # a question: nothing
    SAME_ID = "same-id"  # nothing, as long as it carries the same OriginatorConversationID: M-PESA knows it again
    NEVER = "never"  # perhaps move the money a second time


@dataclass(frozen=True, slots=True)
class Command:
    """One request: its API's path, Daraja's CommandID, its subject, and the fields of its own.

    ``amount_cents`` is what a result must say of a command that moves money; None for a question. ``initiator_field``
    is the name under which this API takes the initiator's. ``remedies`` says what to change where a refusal names a
    field.
    """

    path: str
    command_id: str
    subject: str
    fields: Mapping[str, str]
    again: Again
    amount_cents: int | None = None
    initiator_field: str = "Initiator"
    remedies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ack:
    """A request that Daraja took, and Daraja's ids for it. ``before``: it says that it had taken it already."""

    conversation_id: str
    originator_conversation_id: str
    before: bool = False


def request_body(command: Command, initiator: Initiator, token: str) -> dict[str, str]:
    """The JSON body. ``token`` is the 32 hexadecimal characters that both addresses end in."""
    base = initiator.callback_base
    return {
        command.initiator_field: initiator.name,
        "SecurityCredential": initiator.credential().reveal(),
        "CommandID": command.command_id,
        **command.fields,
        "ResultURL": Hook("result", token).at(base),
        "QueueTimeOutURL": Hook("timeout", token).at(base),
    }


def read_ack(status: int, body: bytes, command: Command) -> Ack:
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
    said = read_error(body) if 400 <= status <= 599 else None
    if said is not None and command.again is Again.SAME_ID and _was_taken(said):
        return Ack("", "", before=True)
    raise _no_ack(status, body, said, command)


_DUPLICATE = "duplicate originatorconversationid"


def _was_taken(said: Said) -> bool:
    """Whether Daraja has this very request already. The code is maintenance's too, so the words decide."""
    return _DUPLICATE in " ".join(said.message.casefold().split())


def _no_ack(status: int, body: bytes, said: Said | None, command: Command) -> MpesaError:
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
    # A question may be called refused by less: to be wrong there costs nothing.
    if said is not None and (is_no(status, said) or (command.again is Again.FREE and status < 500)):
        remedy = next((words for field, words in command.remedies.items() if field in said.message), "")
        return _refused(shown, remedy)
    if command.again is Again.FREE:
        return Temporary(
            f"Daraja did not take the question (HTTP {status}). [{shown}]",
            hint="It moves no money. Run the same command again in a minute.",
            code="daraja-busy",
        )
    return OutcomeUnknown(
        f"It is not known whether Daraja took the request (HTTP {status}). [{shown}]",
        hint="Money may move. What M-PESA did is in its statement: mpesa reconcile --help",
    )


def _refused(shown: str, remedy: str = "") -> RequestRefused:
    return RequestRefused(
        f"Daraja refused the request. [{shown}]",
        hint="Nothing was asked and nothing moved. "
        + (remedy or "Check the initiator and the addresses: mpesa config show"),
        code="initiator-refused",
    )


def _id(value: Json) -> str:
    try:
        return wire_id(value)
    except UnreadableError:
        return ""
