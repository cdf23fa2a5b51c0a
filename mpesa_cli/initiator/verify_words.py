"""The outcome of `verify` in words for the counter, in the shop's language, and as a document."""

import shlex
from typing import Any

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.held.words import about, held_document, reported
from mpesa_cli.initiator.verdict import Checked, Verdict
from mpesa_cli.rules.held import HeldState
from mpesa_cli.rules.receipt_claim import Money
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn

_PROOFS = {
    "ledger": ("this shop's ledger", "leja ya duka hili"),
    "statement": ("the M-PESA statement", "taarifa ya M-PESA"),
    "status": ("M-PESA, asked just now", "M-PESA, imeulizwa sasa hivi"),
}
# What to do, for English and Kiswahili. {order} is the order at the counter, {used} the one that the receipt paid.
_ADVICE: dict[Verdict, tuple[str, str]] = {
    Verdict.REAL: (
        "The money is with the shop.",
        "Pesa imefika dukani.",
    ),
    Verdict.USED_ALREADY: (
        "It was used for order {used}. Do not hand over goods on it again; ask for another payment.",
        "Tayari imetumika kwa oda {used}. Usitoe bidhaa tena kwa risiti hii; omba malipo mengine.",
    ),
    Verdict.DIFFERENT_AMOUNT: (
        "The money came, but it is not the amount asked for. Ask for what is missing before handing over goods.",
        "Pesa imefika, lakini kiasi si sawa. Omba kilichobaki kabla ya kutoa bidhaa.",
    ),
    Verdict.DIFFERENT_PHONE: (
        "The money came from another phone than this customer's. Ask whose payment it is before handing over goods.",
        "Pesa ilitoka kwa simu nyingine, si ya mteja huyu. Uliza ni malipo ya nani kabla ya kutoa bidhaa.",
    ),
    Verdict.NOT_PAID: (
        "The money is not with the shop. Do not hand over goods; ask the customer to pay.",
        "Pesa haiko dukani. Usitoe bidhaa; mwombe mteja alipe.",
    ),
    Verdict.NOT_FOUND: (
        "Do not hand over goods. Ask the customer to open the SMS from MPESA itself, and type the number once more.",
        "Usitoe bidhaa. Mwombe mteja afungue SMS yenyewe kutoka MPESA, kisha uandike nambari tena.",
    ),
    Verdict.NOT_PROVEN: (
        "It can't be told here. Before handing over goods look in the M-PESA portal: mpesa reconcile --statement FILE",
        "Haiwezi kuthibitishwa hapa. Kabla ya kutoa bidhaa angalia tovuti ya M-PESA: mpesa reconcile --statement FILE",
    ),
}
# Where it is known that more came than the cashier asks for.
_TOO_MUCH = (
    "The money came, and it is more than the amount asked for. Make sure that it is for this sale.",
    "Pesa imefika, na ni zaidi ya kiasi kilichoombwa. Hakikisha ni ya ununuzi huu.",
)
_SHOWN = (
    "It was shown before. Do not hand over goods on it again; ask for another payment.",
    "Tayari ilionyeshwa. Usitoe bidhaa tena kwa risiti hii; omba malipo mengine.",
)
_CHANGED = (
    "This text was changed: M-PESA says another amount. Do not hand over goods; go by the amount above.",
    "Ujumbe huu umebadilishwa: M-PESA inasema kiasi kingine. Usitoe bidhaa; fuata kiasi kilicho hapo juu.",
)
_SWAHILI: dict[Verdict, str] = {
    Verdict.REAL: "NI HALALI",
    Verdict.USED_ALREADY: "IMESHATUMIKA",
    Verdict.DIFFERENT_AMOUNT: "KIASI TOFAUTI",
    Verdict.DIFFERENT_PHONE: "SIMU TOFAUTI",
    Verdict.NOT_PAID: "HAIJALIPWA",
    Verdict.NOT_FOUND: "HAIPATIKANI",
    Verdict.NOT_PROVEN: "HAIJATHIBITISHWA",
}


def lines(checked: Checked, language: str) -> list[str]:
    """The verdict, the facts, what to do: a line each. The first begins with the verdict, in English always."""
    swahili = language == "sw"
    verdict = checked.verdict
    name = f"{verdict.value} ({_SWAHILI[verdict]})" if swahili else verdict.value
    facts = _facts(checked.money, swahili=swahili) + _again(checked, swahili=swahili)
    told = [f"{name}  {checked.claim.receipt}{facts}"]
    told += _order_lines(checked, swahili=swahili)
    told += _may_be_lines(checked, swahili=swahili)
    told += [checked.why] if checked.why else []
    told += _held_lines(checked)
    told += _number_lines(checked, swahili=swahili)
    told.append(_advice(checked)[swahili].format(used=_used_for(checked)))
    return told + _check_lines(checked, swahili=swahili)


def verdict_word(verdict: Verdict, language: str) -> str:
    """The verdict for a screen, in the language, ``en`` or ``sw``."""
    return _SWAHILI[verdict] if language == "sw" else verdict.value


def document(checked: Checked, environment: str) -> dict[str, Any]:
    """The JSON document of `verify`."""
    money, claim, payment = checked.money, checked.claim, checked.payment
    return {
        "verdict": checked.verdict.value.lower().replace(" ", "_"),
        "receipt": claim.receipt,
        "environment": environment,
        "proof": money.proof if money else None,
        "amount": cents_to_json(money.amount_cents) if money and money.amount_cents is not None else None,
        "payer": money.payer or None if money else None,
        "paid_at": rfc3339(money.at_us) if money else None,
        "order_id": money.order_id or None if money else None,
        "payment_id": payment.payment_id if payment else None,
        "may_be_orders": list(checked.may_be),
        "used_for": _used_for(checked) or None if checked.verdict is Verdict.USED_ALREADY else None,
        "text_was_changed": checked.text_was_changed,
        "shown_before": [{"order_id": s.order_id or None, "at": rfc3339(s.shown_us)} for s in checked.before],
        "date_by_number": checked.plausible.day.isoformat() if checked.plausible.day else None,
        "meant": list(checked.meant),
        "held": [held_document(each) for each in checked.held],
        "reported_without_secret": [rfc3339(each.received_us) for each in checked.reported],
        "why": " ".join([*([checked.why] if checked.why else []), *checked.plausible.words]) or None,
        "advice": _advice(checked)[0].format(used=_used_for(checked)),
    }


def _advice(checked: Checked) -> tuple[str, str]:
    money, asked = checked.money, checked.claim.amount_cents
    if checked.verdict is Verdict.USED_ALREADY and not _used_for(checked):
        return _SHOWN
    if checked.verdict is Verdict.DIFFERENT_AMOUNT and checked.text_was_changed:
        return _CHANGED
    if checked.verdict is Verdict.DIFFERENT_AMOUNT and money and money.amount_cents and asked:
        return _TOO_MUCH if money.amount_cents > asked else _ADVICE[checked.verdict]
    return _ADVICE[checked.verdict]


def _facts(money: Money | None, *, swahili: bool) -> str:
    if money is None:
        return ""
    proof = _PROOFS[money.proof][swahili]
    told = [
        format_cents(money.amount_cents) if money.amount_cents is not None else "",
        day_and_time(money.at_us) if money.at_us else "",
        mask_msisdn(money.payer) if money.payer else "",
        f"kulingana na {proof}" if swahili else f"according to {proof}",
    ]
    return "  " + "  ".join(each for each in told if each)


def _order_lines(checked: Checked, *, swahili: bool) -> list[str]:
    money = checked.money
    if money is None or checked.verdict not in {Verdict.REAL, Verdict.DIFFERENT_AMOUNT, Verdict.DIFFERENT_PHONE}:
        return []
    if money.order_id:
        return [f"Imelipia oda {money.order_id}." if swahili else f"It pays order {money.order_id}."]
    if checked.verdict is not Verdict.REAL:
        return []
    receipt = checked.claim.receipt
    way = f"mpesa verify {receipt} --attach {checked.claim.order_id or 'ORDER'}"
    return [f"Bado haijaunganishwa na oda yoyote: {way}" if swahili else f"It pays no order here yet. Attach it: {way}"]


def _held_lines(checked: Checked) -> list[str]:
    """The line about held messages that show this receipt: those still open, or all where its money is not known."""
    waiting = [each for each in checked.held if each.state is HeldState.OPEN or checked.money is None]
    if waiting:
        return [f"{about(waiting)} See it: mpesa held show {waiting[-1].held_id}"]
    return [reported(checked.reported)] if checked.reported and checked.money is None else []


def _may_be_lines(checked: Checked, *, swahili: bool) -> list[str]:
    """The orders that the money may be for, named before goods are given for it to somebody else."""
    receipt = checked.claim.receipt
    if swahili:
        return [f"Huenda ni ya oda {each}, inayosubiri malipo kama haya. Ikiwa ndiyo: "
                f"mpesa verify {receipt} --attach {each}" for each in checked.may_be]
    return [f"This may be order {each}'s, which waits for just such money. If it is: "
            f"mpesa verify {receipt} --attach {each}" for each in checked.may_be]


def _number_lines(checked: Checked, *, swahili: bool) -> list[str]:
    if checked.money is not None:
        return []
    told = list(checked.plausible.words)
    if checked.meant:
        meant = ", ".join(checked.meant)
        told.append(f"Huenda ni {meant}: O na 0, I na 1 hufanana." if swahili else
                    f"Letters and digits look alike (O and 0, I and 1). Did the customer mean {meant}?")
    return told


def _again(checked: Checked, *, swahili: bool) -> str:
    """The time of an earlier showing, for the first line; empty without one, or where the verdict is a doubt."""
    if not checked.before or checked.verdict not in {Verdict.REAL, Verdict.USED_ALREADY}:
        return ""
    first = checked.before[0]
    order = f" ({first.order_id})" if first.order_id else ""
    return f"  {'ilionyeshwa' if swahili else 'shown before, on'} {day_and_time(first.shown_us)}{order}"


def _check_lines(checked: Checked, *, swahili: bool) -> list[str]:
    """The line on what nobody compared yet, or on how to ask about the order that has this receipt."""
    receipt, money = checked.claim.receipt, checked.money
    if checked.verdict is Verdict.USED_ALREADY and checked.claim.order_id is None:
        order = shlex.quote(_used_for(checked)) if _used_for(checked) else "ORDER"
        return [f"Kwa oda hiyo yenyewe: mpesa verify {receipt} --order {order}" if swahili else
                f"If it is for that very order: mpesa verify {receipt} --order {order}"]
    if checked.verdict is not Verdict.REAL or money is None or money.amount_cents is None or money.order_id:
        return []
    if checked.claim.amount_cents is not None:
        return []
    amount = format_cents(money.amount_cents)
    return [f"Hakikisha kwamba bei ya bidhaa ni {amount}." if swahili else
            f"Check that {amount} is what the goods cost."]


def _used_for(checked: Checked) -> str:
    paid = checked.money.order_id if checked.money else ""
    return paid or next((each.order_id for each in checked.before if each.order_id), "")
