"""Africa's Talking: a form POST, answered 201 with one status per recipient (docs/operate/sms-gateways.md 1).

Its sandbox is another host with the username ``sandbox``; messages there reach its own phone simulator only.
"""

import re
from urllib.parse import urlencode

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import HttpAnswer
from mpesa_cli.rules.codes.sms import AFRICAS_TALKING
from mpesa_cli.sms.providers.address import address
from mpesa_cli.sms.providers.answers import code_of, json_object, not_answered, refused_by_status, short, unreadable
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Outcome, Sent
from mpesa_cli.sms.text import parts

LIVE = "https://api.africastalking.com"
SANDBOX = "https://api.sandbox.africastalking.com"
SANDBOX_USERNAME = "sandbox"
PATH = "/version1/messaging"
_NAME = "Africa's Talking"

_TAKEN = frozenset({100, 101, 102})  # processed, sent, queued
_TO_NOBODY = re.compile(r"sent to 0\s*/", re.IGNORECASE)
_SUCCESS = frozenset({"success", "sent"})
# Said in place of any recipient, or as the status of the only one.
_ACCOUNT_MATTERS = frozenset({"invalidsenderid", "insufficientbalance"})


class AfricasTalking:
    """The sender through Africa's Talking."""

    name = "africas_talking"

    def __init__(self, username: str, api_key: Secret, sender_id: str | None, base_url: str | None) -> None:
        """``base_url`` None means the username's own host. Raises SettingsError for an unusable address."""
        self._username = username
        self._key = api_key
        self._sender_id = sender_id
        self._to = address(base_url or host_of(username), PATH)

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        """Send one message to one phone. The reference stays with us: this API carries none."""
        from mpesa_cli.sms.providers.post import post

        fields = {"username": self._username, "to": f"+{msisdn}", "message": text}
        if self._sender_id:
            fields["from"] = self._sender_id
        headers = {"apiKey": self._key.reveal(), "content-type": "application/x-www-form-urlencoded"}
        answer = post(self._to, headers, urlencode(fields).encode())
        if not isinstance(answer, HttpAnswer):
            return not_answered(answer)
        return refused_by_status(answer, _NAME) or read_answer(answer.body, parts(text))


def host_of(username: str) -> str:
    """The base URL for a username."""
    return SANDBOX if username == SANDBOX_USERNAME else LIVE


def read_answer(body: bytes, counted_parts: int) -> Outcome:
    """The outcome in a 2xx answer. ``counted_parts`` is taken where the answer does not count the parts."""
    said = json_object(body)
    data = said.get("SMSMessageData") if said else None
    recipients = data.get("Recipients") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(recipients, list) or len(recipients) > 1:
        return unreadable(_NAME)
    if not recipients:
        return _nobody(short(data.get("Message")))
    if not isinstance(recipients[0], dict):
        return unreadable(_NAME)
    return _one(recipients[0], short(data.get("Message")), counted_parts)


def _nobody(message: str) -> Failed | InDoubt:
    """The outcome without a recipient: failed with its reason (``InvalidSenderId``), in doubt where it claims one."""
    said = message.lower()
    if not said or (said.startswith("sent to") and not _TO_NOBODY.match(message)):
        return unreadable(_NAME)
    return Failed(message[:40], f"{_NAME} sent nothing: {message}.", again=said in _ACCOUNT_MATTERS)


def _one(recipient: dict[str, object], message: str, counted_parts: int) -> Outcome:
    code = code_of(recipient.get("statusCode"))
    status = short(recipient.get("status"), 40)
    if code is None and _TO_NOBODY.match(message) and status.lower() not in _SUCCESS:
        why = f"{status} ({message})" if status else message
        return Failed(status or "nobody", f"{_NAME} sent nothing: {why}.", again=status.lower() in _ACCOUNT_MATTERS)
    message_id = short(recipient.get("messageId"))
    if code in _TAKEN:
        told_parts = code_of(recipient.get("messageParts"))
        return Sent(message_id, short(recipient.get("cost"), 40), told_parts or counted_parts)
    if code in AFRICAS_TALKING:
        why, again = AFRICAS_TALKING[code]
        return Failed(str(code), f"{_NAME} sent nothing: {why} ({code}).", again=again)
    said = f"{status or 'no status'} ({'no code' if code is None else code})"
    return InDoubt(str(code or "unreadable"), f"{_NAME} answered {said}; it may have been sent.")
