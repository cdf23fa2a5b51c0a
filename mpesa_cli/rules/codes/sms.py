"""Refusal codes of SMS providers: the meaning of each, and whether it concerns the account or only one message.

A code that is in neither table proves nothing: the message may be out.
"""

from typing import Final

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome

AFRICAS_TALKING: Final[dict[int, tuple[str, bool]]] = {
    401: ("it holds the message back as a risk", False),
    402: ("the sender id is not registered", True),
    403: ("it is no phone number", False),
    404: ("it does not serve this kind of number", False),
    405: ("the account has no balance left", True),
    406: ("the customer has blocked such messages", False),
    407: ("it has no route to this number", False),
    409: ("the customer has asked not to be disturbed", False),
    502: ("the network refused it", False),
}
# 1005 and 1007 are faults inside the platform, 1008 belongs to delivery reports.
PARTNER_ID: Final[dict[int, tuple[str, bool]]] = {
    1001: ("the sender id (sms.sender_id) is not valid", True),
    1002: ("it does not serve this network", False),
    1003: ("it is no mobile number", False),
    1004: ("the account has no credits left", True),
    1006: ("it did not take sms.partner_id or the key", True),
    1009: ("it did not take the request's data", False),
    1010: ("it did not take the request's kind", False),
    4090: ("it asks to try again in five minutes", True),
    4091: ("sms.partner_id is missing", True),
    4092: ("the key is missing", True),
    4093: ("it does not know the account", True),
}


def _rows(refusals: dict[int, tuple[str, bool]], provider: str) -> tuple[Code, ...]:
    return tuple(
        Code(
            Api.SMS, str(code), "SMS not sent", Outcome.UNSURE, Actor.OWNER if account else Actor.NOBODY,
            NewAttempt.AFTER_CHECK, 0,
            staff=f"The SMS was not sent: {why}. It is about the message and proves nothing about money.",
            customer="Your receipt could not be sent by SMS. Please ask us for it.",
            customer_sw="Risiti yako haikutumwa kwa SMS. Tafadhali tuombe.",
            source=f"{provider} (docs/operate/sms-gateways.md)",
        )
        for code, (why, account) in refusals.items()
    )


SMS_CODES: tuple[Code, ...] = _rows(AFRICAS_TALKING, "Africa's Talking's own table") + _rows(
    PARTNER_ID, "the own tables of Celcom Africa, TextSMS, Advanta and others of that platform"
)
