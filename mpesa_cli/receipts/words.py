"""The words on a receipt, English and Kiswahili as data, and its facts as labelled lines. Pure."""

from typing import Any, Literal, NamedTuple

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.terminal.amount_words import amount_in_english, amount_in_kiswahili

Language = Literal["en", "sw"]

LABEL_MAX = 13
"""The longest label: beside it, the narrowest paper (32 columns) still has 18 for the value."""


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """One language. Labels are at most LABEL_MAX characters; everything is ASCII, as printers need it."""

    title: str
    copy: str
    paybill: str
    till: str
    account: str
    order: str
    purpose: str
    receipt: str
    date: str
    payer: str
    in_words: str
    owed: str
    returned: str
    going_back: str
    reference: str
    simulator: str
    sandbox: str
    thanks: str
    scan: str
    to_pay: str
    not_paid: str
    pay_by: str
    months: tuple[str, ...]


WORDS: dict[Language, ReceiptWords] = {
    "en": ReceiptWords(
        title="RECEIPT",
        copy="COPY",
        paybill="Paybill",
        till="Till",
        account="Account",
        order="Order",
        purpose="For",
        receipt="M-PESA no.",
        date="Date",
        payer="Paid by",
        in_words="In words",
        owed="To give back",
        returned="GIVEN BACK",
        going_back="REFUND ASKED FOR",
        reference="Our ref.",
        simulator="SIMULATOR: no real money",
        sandbox="SANDBOX: no real money",
        thanks="Thank you",
        scan="M-PESA receipt number as a QR code",
        to_pay="TO PAY",
        not_paid="Not paid yet. This is no receipt.",
        pay_by="Scan it with the M-PESA app to pay",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ),
    "sw": ReceiptWords(
        title="RISITI",
        copy="NAKALA",
        paybill="Paybill",
        till="Till",
        account="Akaunti",
        order="Oda",
        purpose="Malipo ya",
        receipt="Na. ya M-PESA",
        date="Tarehe",
        payer="Mlipaji",
        in_words="Kwa maneno",
        owed="Ya kurudisha",
        returned="IMERUDISHWA",
        going_back="KUREJESHWA KUMEOMBWA",
        reference="Kumbukumbu",
        simulator="SIMULATOR: si pesa halisi",
        sandbox="SANDBOX: si pesa halisi",
        thanks="Asante",
        scan="Nambari ya risiti ya M-PESA kama QR",
        to_pay="YA KULIPA",
        not_paid="Bado haijalipwa. Hii si risiti.",
        pay_by="Scan kwa programu ya M-PESA ulipe",
        months=("Jan", "Feb", "Mac", "Apr", "Mei", "Jun", "Jul", "Ago", "Sep", "Okt", "Nov", "Des"),
    ),
}


class Fact(NamedTuple):
    """One line of a receipt. ``key`` is its name in JSON."""

    key: str
    label: str
    value: str


def facts(receipt: Receipt, language: Language) -> list[Fact]:
    """The labelled lines in their order, without those that have no value."""
    words = WORDS[language]
    lines = [
        Fact("number", words.till if receipt.kind == "till" else words.paybill, receipt.number),
        Fact("account_reference", words.account, receipt.account_reference),
        Fact(
            "order_id", words.order, receipt.order_id if receipt.order_id != receipt.account_reference else ""
        ),
        Fact("description", words.purpose, receipt.description),
        Fact("receipt", words.receipt, receipt.code),
        Fact("paid_at", words.date, date_words(receipt.paid_us, language)),
        Fact("msisdn", words.payer, receipt.payer),
        Fact("amount_in_words", words.in_words, amount_words(receipt.amount_cents, language)),
        Fact("returned", words.returned, _some(receipt.returned_cents)),
        Fact("going_back", words.going_back, _some(receipt.going_back_cents)),
        Fact("owed", words.owed, _some(receipt.owed_cents)),
        Fact("payment_id", words.reference, receipt.payment_id),
    ]
    return [line for line in lines if line.value]


def _some(cents: int) -> str:
    return format_cents(cents) if cents else ""


def environment_words(environment: str, language: Language) -> str:
    """The warning that must be read before anything else outside production; empty in production."""
    words = WORDS[language]
    return {"simulator": words.simulator, "sandbox": words.sandbox}.get(environment, "")


def amount_words(cents: int, language: Language) -> str:
    """The amount in words of this language."""
    return amount_in_kiswahili(cents) if language == "sw" else amount_in_english(cents)


def date_words(at_us: int, language: Language) -> str:
    """``24 Nov 2026 10:30:12 EAT``."""
    stamp = rfc3339(at_us) or ""
    month = WORDS[language].months[int(stamp[5:7]) - 1]
    return f"{int(stamp[8:10])} {month} {stamp[:4]} {stamp[11:19]} EAT"


def receipt_document(receipt: Receipt, language: Language) -> dict[str, Any]:
    """The receipt as JSON: the same facts, amounts in shillings, the payer masked as on paper."""
    return {
        "receipt": receipt.receipts[-1],
        "receipts": list(receipt.receipts),
        "environment": receipt.environment,
        "copy": receipt.copy,
        "shop_name": receipt.shop_name,
        "kind": receipt.kind,
        "number": receipt.number,
        "amount": cents_to_json(receipt.amount_cents),
        "amount_in_words": amount_words(receipt.amount_cents, language),
        "owed": cents_to_json(receipt.owed_cents),
        "returned": cents_to_json(receipt.returned_cents),
        "going_back": cents_to_json(receipt.going_back_cents),
        "msisdn": receipt.payer,
        "account_reference": receipt.account_reference,
        "order_id": receipt.order_id or None,
        "description": receipt.description,
        "payment_id": receipt.payment_id,
        "paid_at": rfc3339(receipt.paid_us),
        "language": language,
    }
