"""The partnerID family: Celcom Africa, TextSMS, Advanta and others run one platform on hosts of their own.

JSON POST; the answer's code is spelt ``respose-code`` by some of them and ``response-code`` by others, inside
``responses`` or, for a refusal, at the top (sms-gateways.md 2). Its GET form would put the key into the URL.
"""

import json

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import HttpAnswer
from mpesa_cli.rules.codes.sms import PARTNER_ID
from mpesa_cli.sms.providers.address import address
from mpesa_cli.sms.providers.answers import code_of, json_object, not_answered, refused_by_status, short, unreadable
from mpesa_cli.sms.providers.sender import Failed, InDoubt, Outcome, Sent
from mpesa_cli.sms.text import parts

PATH = "/api/services/sendsms/"
_TAKEN = 200


class PartnerId:
    """The sender through one host of the family."""

    name = "partner_id"

    def __init__(self, partner_id: str, api_key: Secret, sender_id: str, base_url: str) -> None:
        """``base_url`` is the provider's host, with or without the path. Raises SettingsError."""
        self._partner_id = partner_id
        self._key = api_key
        self._sender_id = sender_id
        self._to = address(base_url, PATH)

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        """Send one message to one phone. The reference stays with us."""
        from mpesa_cli.sms.providers.post import post

        fields = {
            "apikey": self._key.reveal(),
            "partnerID": self._partner_id,
            "message": text,
            "shortcode": self._sender_id,
            "mobile": msisdn,
            "pass_type": "plain",
        }
        answer = post(self._to, {"content-type": "application/json"}, json.dumps(fields).encode())
        if not isinstance(answer, HttpAnswer):
            return not_answered(answer)
        host = self._to.host
        return refused_by_status(answer, host) or read_answer(answer.body, host, parts(text))


def read_answer(body: bytes, host: str, counted_parts: int) -> Outcome:
    """The outcome in a 2xx answer: sent, refused, or in doubt."""
    said = json_object(body)
    listed = said.get("responses") if said else None
    one = (listed[0] if len(listed) == 1 else None) if isinstance(listed, list) else said
    if not isinstance(one, dict):
        return unreadable(host)
    code = code_of(one.get("respose-code", one.get("response-code")))
    if code == _TAKEN:
        return Sent(short(one.get("messageid")), short(one.get("cost"), 40), counted_parts)
    if code in PARTNER_ID:
        why, again = PARTNER_ID[code]
        return Failed(str(code), f"{host} sent nothing: {why} ({code}).", again=again)
    if code is None:
        return unreadable(host)
    said_so = short(one.get("response-description"), 60) or "no description"
    return InDoubt(str(code), f"{host} answered {code} ({said_so}); it may have been sent.")
