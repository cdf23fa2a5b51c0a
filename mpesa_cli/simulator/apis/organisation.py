"""Organisation info: the public name behind a shortcode or till, answered at once.

Safaricom's page calls 0 a success and its example 4000, so a client judges by the message and a name; the words of a
failure are a guess (docs/reference/assumptions.md A65). Numbers that end in 404 belong to nobody.
"""

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.apis import checks
from mpesa_cli.simulator.apis.asynchronous import named, one_of
from mpesa_cli.simulator.apis.checks import is_shortcode, text_of
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.state import State
from mpesa_cli.simulator.wire import Reply, Request

NAME = "SIMULATED SHOP"
_NOBODYS = "404"
_CHECKS = (named("IdentifierType", one_of("2", "4")), named("Identifier", is_shortcode))


def info(_state: State, request: Request, _now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a question whose token is good."""
    body, made = request.json_object(), request_id(token_hex)
    wrong = checks.first_wrong_field(body, _CHECKS)
    if wrong:
        return wire.bad_field(made, wrong)
    found = not text_of(body["Identifier"]).endswith(_NOBODYS)
    answer = {
        "ConversationID": made,
        "ResponseCode": "4000" if found else "1",
        "ResponseMessage": "Success" if found else "Failed",
        "DetailedMessage": "Request received successfully" if found else "Organization not found",
    }
    if found:
        answer |= {
            "OrganizationShortCode": text_of(body["Identifier"]),
            "OrganizationName": NAME,
            "ChargeProfileID": "20013",
        }
    return wire.ok(answer)
