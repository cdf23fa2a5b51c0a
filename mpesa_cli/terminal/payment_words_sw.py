"""A payment in Kiswahili for the shop's own screens: the same lines, with the same commands, as in English."""

import shlex
from typing import assert_never

from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.rules.codes.lookup import explain_refusal, no_prompt_meaning, stk_result
from mpesa_cli.rules.codes.titles_sw import title_in
from mpesa_cli.rules.money_out.refund_state import RefundState
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn

WORDS: dict[PaymentStatus, str] = {
    PaymentStatus.PENDING: "INASUBIRI",
    PaymentStatus.PAID: "IMELIPWA",
    PaymentStatus.FAILED: "HAIJALIPWA",
    PaymentStatus.UNKNOWN: "HAIJULIKANI",
    PaymentStatus.REVIEW: "ANGALIA HII",
    PaymentStatus.PARTIAL: "IMELIPWA KWA SEHEMU",
    PaymentStatus.OVERPAID: "IMELIPWA ZAIDI",
    PaymentStatus.REFUNDED: "IMERUDISHWA",
}
LABELS = {
    "simulator": "SIMULATOR: hakuna pesa halisi iliyosogea.",
    "sandbox": "SANDBOX: mfumo wa majaribio wa Safaricom, hakuna pesa halisi iliyosogea.",
}


def headline_sw(payment: Payment) -> str:
    """One line: the status as a word first, the money, the order."""
    view = payment.telling.view
    line = f"{WORDS[payment.status]} {format_cents(payment.amount_cents)} kwa oda {payment.order_id}"
    match payment.status:
        case PaymentStatus.PAID:
            return line + (f", risiti ya M-PESA {view.receipt}" if view.receipt else "")
        case PaymentStatus.OVERPAID:
            receipts = sorted(r for a in payment.attempts for r in a.view.receipts)
            return f"{line}: {_came(payment)}, risiti za M-PESA {', '.join(receipts) or 'hazijajulikana bado'}"
        case PaymentStatus.PARTIAL:
            return f"{line}: {_came(payment)}"
        case PaymentStatus.REFUNDED:
            return f"{line}: {format_cents(payment.reversed_cents)} zilikuja na zikarudishwa"
        case PaymentStatus.UNKNOWN:
            return f"{line}: huenda imelipwa"
        case PaymentStatus.REVIEW:
            return f"{line}: kilichokuja hakilingani na kilichoombwa"
        case PaymentStatus.FAILED | PaymentStatus.PENDING:
            return line
        case _:
            assert_never(payment.status)


def circumstances_sw(payment: Payment) -> str:
    """The payer, the time, and the payment's id."""
    view = payment.telling.view
    when = view.paid_us or view.settled_us or view.requested_us or payment.created_us
    attempts = f", jaribio {payment.last.ref.number}" if len(payment.attempts) > 1 else ""
    return f"kutoka {mask_msisdn(payment.telling.msisdn)}, {day_and_time(when)}, malipo {payment.payment_id}{attempts}"


def advice_sw(payment: Payment, *, customer: str, verbose: bool) -> list[str]:
    """The reason, whether money moved, what to tell the customer, and the command to run next."""
    return [*_refund(payment), *_advice(payment, customer, verbose=verbose)]


def _advice(payment: Payment, customer: str, *, verbose: bool) -> list[str]:
    order = payment.order_id
    match payment.status:
        case PaymentStatus.PAID:
            return _doubts(payment)
        case PaymentStatus.OVERPAID:
            owed = format_cents(payment.received_cents - payment.amount_cents)
            return [f"Zimekuja zaidi ya zilizoombwa: mteja anadai {owed}.",
                    f"Ona kila malipo: mpesa status {order} --json"]
        case PaymentStatus.REFUNDED:
            return ["M-PESA imemrudishia mteja pesa. Bidhaa zikiwa bado hapa, zishike.",
                    f"Inajulikanaje: mpesa log {order}"]
        case PaymentStatus.PARTIAL:
            return [f"Zimebaki {format_cents(payment.amount_cents - payment.received_cents)}.",
                    f"Ona kila malipo: mpesa status {order} --json"]
        case PaymentStatus.FAILED:
            never_left = all(a.state is AttemptState.NOT_SENT for a in payment.attempts)
            again = "Endesha push ile ile tena." if never_left else f"Omba tena: mpesa retry {order}"
            lines = [_reason(payment.last), *([customer] if customer else []), again]
            code = payment.telling.view.result_code
            if code and (verbose or payment.last.state is not AttemptState.FAILED):
                is_result = payment.last.state is AttemptState.FAILED
                lines.append(f"Maana ya namba hii: {f'mpesa explain {code}' if is_result else explain_refusal(code)}")
            return lines
        case PaymentStatus.PENDING:
            return [_open(payment.last), f"Angalia tena: mpesa status {order}"]
        case PaymentStatus.UNKNOWN:
            return [f"Huenda pesa imesogea. Usiombe tena bado; angalia tena: mpesa status {order}"]
        case PaymentStatus.REVIEW:
            receipt = payment.telling.view.receipt
            told = f" Risiti {receipt} ilitajwa." if receipt else ""
            return [
                f"Kiasi, simu, risiti au namba ya ombi ni tofauti na kilichoombwa.{told}",
                "Usitoe bidhaa, na usiombe tena, kabla mtu hajaangalia taarifa ya M-PESA.",
                f"Yote yanayojulikana: mpesa log {order}",
                f"Kisha amua: mpesa resolve {order} paid --reason KWANINI (au failed)",
            ]
        case _:
            assert_never(payment.status)


def _reason(attempt: Attempt) -> str:
    view = attempt.view
    if attempt.state is AttemptState.FAILED and view.source == "person":
        return f"Mtu aliamua kwamba hakuna pesa iliyokuja: {view.result_desc}"
    if attempt.state is AttemptState.FAILED:
        unsure = " (Jibu moja tu la M-PESA linasema hivyo.)" if Flag.UNCONFIRMED in view.flags else ""
        title = title_in(stk_result(view.result_code or "").title, "sw")
        return f"{title}. Hakuna pesa iliyokatwa kwa ombi hili.{unsure}"
    if view.result_code is None:
        return "Hakuna kilichotumwa, kwa hiyo hakuna pesa iliyokatwa."
    title = title_in(no_prompt_meaning(view.result_code, view.result_desc or "").title, "sw")
    return f"{title}. Hakuna simu iliyolia, hakuna pesa iliyokatwa."


def _open(attempt: Attempt) -> str:
    if attempt.state is AttemptState.PENDING:
        return "Ombi liko kwenye simu ya mteja, linasubiri PIN. Bado linaweza kulipwa."
    if attempt.state is AttemptState.SENDING:
        return "Ombi linatumwa; M-PESA haijajibu bado."
    return "Ombi linatayarishwa; hakuna kilichotumwa bado."


def _doubts(payment: Payment) -> list[str]:
    flags = payment.telling.view.flags
    lines = {
        Flag.UNCONFIRMED: "M-PESA inasema imelipwa; nambari ya risiti haijaja bado. Kabla ya kutoa bidhaa za thamani, "
                          "iangalie kwenye taarifa ya M-PESA.",
        Flag.LATE: "Imekuja kwa kuchelewa, baada ya muda wa ombi.",
        Flag.ODD_TIME: "Muda uliotajwa hauwezi kuwa kweli; unaoonyeshwa ni wa kupokea habari.",
        Flag.CONFLICT: "Ujumbe mwingine ulisema vingine (ona kwa --json); malipo yanabaki.",
    }
    return [words for flag, words in lines.items() if flag in flags]


def _came(payment: Payment) -> str:
    came = f"zimekuja {format_cents(payment.received_cents + payment.reversed_cents)}"
    return f"{came}, zimerudi {format_cents(payment.reversed_cents)}" if payment.reversed_cents else came


def _refund(payment: Payment) -> list[str]:
    refund = payment.refund
    if refund is None:
        return []
    money = f"{format_cents(refund.amount_cents)} za risiti {refund.receipt}"
    why = f" [{refund.code}: {refund.words}]" if refund.code else ""
    match refund.state:
        case RefundState.PENDING:
            return [f"INARUDISHWA: {money} zinarudi kwa mteja; M-PESA haijasema bado kwamba zimerudi.",
                    f"Usizirudishe kwa njia nyingine. Angalia tena: mpesa status {shlex.quote(payment.order_id)}"]
        case RefundState.UNKNOWN:
            return [f"KURUDISHWA HAKUJULIKANI: huenda {money} zimerudi kwa mteja.{why}",
                    "Usizirudishe kwa njia nyingine bado. Soma taarifa ya M-PESA: mpesa reconcile --statement FILE"]
        case RefundState.REVIEW:
            return [f"KURUDISHWA KUANGALIWE: {money}.{why}",
                    "Ona kwenye tovuti ya M-PESA kilichorudi, kisha: mpesa reconcile --statement FILE"]
        case RefundState.REFUNDED:
            return [f"IMERUDISHWA: {money} zimerudi kwa mteja."]
        case RefundState.REFUSED:
            return [f"HAIJARUDISHWA: {money} zimebaki dukani.{why}"]
        case _:
            assert_never(refund.state)


def phase_sw(attempt: Attempt) -> str:
    """The state of an attempt, from the customer's side, while it is watched."""
    phone = mask_msisdn(attempt.msisdn)
    match attempt.state:
        case AttemptState.CREATED | AttemptState.SENDING:
            return f"Ombi linatumwa kwa {phone} …"
        case AttemptState.PENDING:
            return f"Ombi limetumwa. Inasubiri PIN ya mteja kwenye {phone} …"
        case AttemptState.UNKNOWN:
            return f"Hakuna jibu wazi kutoka M-PESA. Inasubiri habari za {phone} …"
        case AttemptState.PAID:
            return "Mteja amelipa."
        case AttemptState.FAILED:
            return "Imejibiwa: haijalipwa."
        case AttemptState.REJECTED:
            return "M-PESA imekataa ombi."
        case AttemptState.NOT_SENT:
            return "Hakuna kilichotumwa."
        case AttemptState.REVIEW:
            return "Kimekuja kitu ambacho mtu lazima akiangalie."
        case _:
            assert_never(attempt.state)
