"""Organisation info: the public name behind a paybill or till, answered at once. Moves no money, needs no initiator.

Safaricom's page names 0 as the code of success and its example has 4000, so the message and a name decide
(daraja.md 7.5, docs/reference/assumptions.md A65).
"""

from typing import TYPE_CHECKING, Literal

from mpesa_cli.daraja.endpoints import ORGANISATION_INFO
from mpesa_cli.daraja.error_body import read_code, read_error, told
from mpesa_cli.floor.errors import RequestRefused, Temporary
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.strict_json import read_json
from mpesa_cli.floor.wire.wire_text import plain_text

if TYPE_CHECKING:
    from mpesa_cli.daraja.client import DarajaClient

_IDENTIFIERS = {"paybill": "4", "till": "2"}
_GOOD = {"0", "00", "4000"}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A business as M-PESA knows it: the number that was asked about, and its public name."""

    number: str
    name: str


def organisation(client: "DarajaClient", number: str, kind: Literal["paybill", "till"]) -> Organisation | None:
    """The business behind a number; None where M-PESA says that it knows none.

    Raises Temporary where no answer tells, RequestRefused where Daraja refuses the question (an app without the API),
    and what ``DarajaClient.post`` raises. The question does no harm and may be asked again.
    """
    body = {"IdentifierType": _IDENTIFIERS[kind], "Identifier": number}
    status, answer = client.post(ORGANISATION_INFO, body)
    return read_organisation(status, answer, number)


def read_organisation(status: int, body: bytes, number: str) -> Organisation | None:
    """Read the answer about ``number``. Raises RequestRefused, Temporary."""
    found = read_json(body)
    if status == 200 and isinstance(found, dict) and "errorCode" not in found:
        message, code = plain_text(found.get("ResponseMessage"), 80), read_code(found.get("ResponseCode"))
        name = plain_text(found.get("OrganizationName"), 80).strip()
        asked = found.get("OrganizationShortCode")
        echoed = str(asked) if isinstance(asked, str | int) and not isinstance(asked, bool) else ""
        good = message.strip().casefold() == "success" and code in _GOOD
        if good and name and echoed in {"", number}:
            return Organisation(number, name)
        if message and not good:
            return None
    said = read_error(body) if 400 <= status < 500 else None
    if said is not None:
        raise RequestRefused(
            f"Daraja does not tell whose number {number} is. [{told(status, body)}]",
            hint="Nothing was asked of anybody. The app may lack this API: add it in the Daraja portal",
            code="organisation-refused",
        )
    raise Temporary(
        f"It could not be learnt whose number {number} is. [{told(status, body)}]",
        hint="It moves no money. Run the same command again in a minute",
        code="daraja-busy",
    )
