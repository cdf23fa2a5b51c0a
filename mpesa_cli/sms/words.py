"""The receipt that a customer gets as a text message: English and Kiswahili as data, one part long. Pure.

The shop's name comes first, so that the message can't pass for one of Safaricom's own, which is how fake
receipts are made. Outside production it says so, in the same breath.
"""

from typing import Literal

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.sms.text import fitted, parts

Language = Literal["en", "sw"]
SHOP_NAME_MIN = 8  # what is left of a long name at the very least
SHOP_NAME_UCS2 = 16  # of a name in a script that GSM-7 lacks: then the message has two parts


@dataclass(frozen=True, slots=True)
class SmsFacts:
    """The facts in a receipt. ``receipt`` is empty where M-PESA has not named it yet; ``msisdn`` is whole.

    ``order_id`` is the shop's; for a payment by hand it is empty and ``account`` is what the customer typed.
    """

    shop: str
    environment: str
    amount_cents: int
    msisdn: str
    paid_us: int
    receipt: str
    order_id: str
    account: str
    copy: bool = False


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """One language. Every field is a phrase; ``received`` has the amount, the payer and the time."""

    simulator: str
    sandbox: str
    copy: str
    received: str
    receipt: str
    order: str
    account: str
    thanks: str


TEMPLATES: dict[Language, SmsTemplate] = {
    "en": SmsTemplate(
        simulator=" (SIMULATOR, no real money)",
        sandbox=" (SANDBOX, no real money)",
        copy=" COPY.",
        received=" {amount} received from {payer}, {when}.",
        receipt=" M-PESA receipt {receipt}.",
        order=" Order {order}.",
        account=" Account {account}.",
        thanks=" Thank you.",
    ),
    "sw": SmsTemplate(
        simulator=" (SIMULATOR, si pesa halisi)",
        sandbox=" (SANDBOX, si pesa halisi)",
        copy=" NAKALA.",
        # No "saa" before the time: in Kiswahili it would count the hours from sunrise.
        received=" Tumepokea {amount} kutoka {payer}, {when}.",
        receipt=" Risiti ya M-PESA {receipt}.",
        order=" Oda {order}.",
        account=" Akaunti {account}.",
        thanks=" Asante.",
    ),
}


def receipt_text(facts: SmsFacts, language: Language) -> str:
    """The message, in one part wherever that can be.

    Thanks give way first, then the order, last the shop's name.
    """
    words = TEMPLATES[language]
    told = _told(facts, words)
    reference = _reference(facts, words)
    shop = " ".join(fitted(facts.shop).split())
    for ending in (reference + words.thanks, reference, ""):
        if parts(text := fitted(_joined(shop, facts, words, told + ending))) == 1:
            return text
    for length in range(len(shop) - 1, SHOP_NAME_MIN - 1, -1):
        if parts(text := fitted(_joined(shop[:length].rstrip(" .,-&"), facts, words, told))) == 1:
            return text
    return _joined(shop[:SHOP_NAME_UCS2], facts, words, told)


def facts_of(payment: Payment, shop: str, *, copy: bool) -> SmsFacts:
    """The facts of a payment that is paid."""
    view = payment.telling.view
    by_hand = payment.telling.channel == "c2b"
    return SmsFacts(
        shop=shop,
        environment=payment.environment,
        amount_cents=payment.received_cents or payment.amount_cents,
        msisdn=payment.telling.msisdn,
        paid_us=view.paid_us or view.settled_us or payment.created_us,
        receipt=view.receipt or "",
        order_id="" if by_hand else payment.order_id,
        account=payment.account_reference if by_hand else "",
        copy=copy,
    )


def masked_payer(msisdn: str) -> str:
    """``254712345678`` → ``0712***678``, all of it in GSM-7."""
    return f"0{msisdn[3:6]}***{msisdn[-3:]}" if len(msisdn) == 12 and msisdn.isdecimal() else "***"


def short_time(at_us: int) -> str:
    """``24/11/26 10:30`` in EAT: the same in both languages."""
    stamp = rfc3339(at_us) or ""
    return f"{stamp[8:10]}/{stamp[5:7]}/{stamp[2:4]} {stamp[11:16]}"


def _joined(shop: str, facts: SmsFacts, words: SmsTemplate, rest: str) -> str:
    label = {"simulator": words.simulator, "sandbox": words.sandbox}.get(facts.environment, "")
    return f"{shop}{label}:{words.copy if facts.copy else ''}{rest}"


def _told(facts: SmsFacts, words: SmsTemplate) -> str:
    received = words.received.format(
        amount=format_cents(facts.amount_cents),
        payer=masked_payer(facts.msisdn),
        when=short_time(facts.paid_us),
    )
    return received + (words.receipt.format(receipt=facts.receipt) if facts.receipt else "")


def _reference(facts: SmsFacts, words: SmsTemplate) -> str:
    if facts.order_id:
        return words.order.format(order=facts.order_id)
    return words.account.format(account=facts.account) if facts.account else ""
