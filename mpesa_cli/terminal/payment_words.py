"""A payment in words for people: what happened, whether money moved, what to do next."""

from typing import assert_never

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.rules.codes.lookup import doubtful_meaning, explain_refusal, no_prompt_meaning, stk_result
from mpesa_cli.rules.codes.said import contradicted
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.refund_words import refund_lines
from mpesa_cli.terminal.state_words import STATUS_WORDS
from mpesa_cli.terminal.streams import Streams


def payment_lines(streams: Streams, payment: Payment, *, customer: str = "", language: str = "en") -> list[str]:
    """The result of push, retry and status: words for a person, full plain rows in a pipe.

    ``customer`` is what to tell the customer, a sentence or empty.
    """
    if not streams.is_terminal(streams.stdout):
        return [f"{name}\t{value}" for name, value in _plain(payment)]
    first, *rest = summary(payment, customer=customer, verbose=streams.verbosity > 0, language=language)
    if streams.has_colour(streams.stdout) and payment.status is PaymentStatus.PAID:
        word, _, after = first.partition(" ")
        first = f"\x1b[1;32m{word}\x1b[0m {after}"
    return [first, *rest]


def summary(payment: Payment, *, customer: str = "", verbose: bool = False, language: str = "en") -> list[str]:
    """The lines a person reads: the headline with the money, its circumstances, what to say, the next command.

    A declined payment takes four lines, since a queue is waiting. The rest is for ``verbose`` (-v).
    """
    from mpesa_cli.terminal.payment_words_sw import circumstances_sw, headline_sw

    sw = language == "sw"
    lines = [headline_sw(payment) if sw else headline(payment)]
    if verbose or payment.status is not PaymentStatus.FAILED:
        lines.append(f"  {circumstances_sw(payment) if sw else circumstances(payment)}")
    lines += [f"  {line}" for line in advice(payment, customer=customer, verbose=verbose, language=language)]
    if label := environment_label(payment.environment, language):
        lines.append(f"  {label}")
    return lines


def environment_label(environment: str, language: str = "en") -> str:
    """The label on every result outside production, so that nobody takes a trial for money."""
    if language == "sw":
        from mpesa_cli.terminal.payment_words_sw import LABELS

        return LABELS.get(environment, "")
    return {
        "simulator": "SIMULATOR: no real money moved.",
        "sandbox": "SANDBOX: Safaricom's test system, no real money moved.",
    }.get(environment, "")


def headline(payment: Payment) -> str:
    """One line: the status as a word first, the money, the order."""
    money = f"{format_cents(payment.amount_cents)} for order {payment.order_id}"
    view, word = payment.telling.view, STATUS_WORDS[payment.status].upper()
    match payment.status:
        case PaymentStatus.PAID:
            receipt = f", M-PESA receipt {view.receipt}" if view.receipt else ""
            return f"{word} {money}{receipt}"
        case PaymentStatus.OVERPAID:
            receipts = sorted(r for a in payment.attempts for r in a.view.receipts)
            return f"{word} {money}: {_came(payment)}, M-PESA receipts {', '.join(receipts) or 'not known yet'}"
        case PaymentStatus.PARTIAL:
            return f"{word} {money}: {_came(payment)}"
        case PaymentStatus.REFUNDED:
            return f"{word} {money}: {format_cents(payment.reversed_cents)} came and went back"
        case PaymentStatus.FAILED:
            return f"{word} {money}"
        case PaymentStatus.PENDING:
            return f"{word} {money}"
        case PaymentStatus.UNKNOWN:
            return f"{word} {money}: it may have been paid"
        case PaymentStatus.REVIEW:
            return f"{word} {money}: what came in does not fit what was asked"
        case _:
            assert_never(payment.status)


def _came(payment: Payment) -> str:
    came = f"{format_cents(payment.received_cents + payment.reversed_cents)} came"
    return f"{came}, {format_cents(payment.reversed_cents)} went back" if payment.reversed_cents else came


def circumstances(payment: Payment) -> str:
    """The payer, the time, and the payment's id."""
    view = payment.telling.view
    when = view.paid_us or view.settled_us or view.requested_us or payment.created_us
    attempts = f", attempt {payment.last.ref.number}" if len(payment.attempts) > 1 else ""
    return f"from {mask_msisdn(payment.telling.msisdn)}, {day_and_time(when)}, payment {payment.payment_id}{attempts}"


def advice(payment: Payment, *, customer: str = "", verbose: bool = False, language: str = "en") -> list[str]:
    """The reason, whether money moved, what to tell the customer, and the command to run next."""
    if language == "sw":
        from mpesa_cli.terminal.payment_words_sw import advice_sw

        return advice_sw(payment, customer=customer, verbose=verbose)
    return [*refund_lines(payment), *_advice(payment, customer, verbose=verbose)]


def _advice(payment: Payment, customer: str, *, verbose: bool) -> list[str]:
    view, order = payment.telling.view, payment.order_id
    match payment.status:
        case PaymentStatus.PAID:
            return _doubts(payment)
        case PaymentStatus.OVERPAID:
            owed = format_cents(payment.received_cents - payment.amount_cents)
            return [f"More came in than was asked: {owed} is owed back to the customer.",
                    f"See every payment: mpesa status {order} --json"]
        case PaymentStatus.REFUNDED:
            return ["M-PESA gave the customer the money back. Where the goods are still here, keep them.",
                    f"How it is known: mpesa log {order}"]
        case PaymentStatus.PARTIAL:
            return [f"{format_cents(payment.amount_cents - payment.received_cents)} is missing.",
                    f"See every payment: mpesa status {order} --json"]
        case PaymentStatus.FAILED:
            again = "Run the same push again." if _never_left(payment) else f"Ask again: mpesa retry {order}"
            lines = [attempt_words(payment.last, quoted=verbose), *([customer] if customer else []), again]
            if view.result_code and (verbose or payment.last.state is not AttemptState.FAILED):
                lines.append(f"What the code means: {_explained(payment.last)}")
            return lines
        case PaymentStatus.PENDING:
            return [attempt_words(payment.last), f"Look again: mpesa status {order}"]
        case PaymentStatus.UNKNOWN:
            return [attempt_words(payment.last),
                    f"Money may have moved. Do not ask again yet; look again: mpesa status {order}"]
        case PaymentStatus.REVIEW:
            return [
                _review_reason(payment),
                "Do not hand over goods on it, and do not ask again, before somebody looked at the M-PESA statement.",
                f"All that is known: mpesa log {order}",
                f"Then decide: mpesa resolve {order} paid --reason WHY (or failed)",
            ]
        case _:
            assert_never(payment.status)


def _explained(attempt: Attempt) -> str:
    """The command that explains the code of an attempt, among the codes of its kind."""
    code = attempt.view.result_code or ""
    return f"mpesa explain {code}" if attempt.state is AttemptState.FAILED else explain_refusal(code)


def attempt_words(attempt: Attempt, *, quoted: bool = True) -> str:
    """One sentence on an attempt, in the reader's words; ``quoted`` adds Daraja's own words of a no."""
    view = attempt.view
    raw = _quoted(attempt) if quoted else ""
    match attempt.state:
        case AttemptState.CREATED:
            return "The prompt is being prepared; nothing has been sent yet."
        case AttemptState.SENDING:
            return "The prompt is being sent; no answer from Daraja yet."
        case AttemptState.PENDING:
            return "The prompt is on the customer's phone, waiting for the PIN. It can still be paid."
        case AttemptState.PAID:
            return "Paid."
        case AttemptState.REVIEW:
            return "What came in does not fit what was asked."
        case AttemptState.NOT_SENT | AttemptState.REJECTED:
            if view.result_code is None:
                return "Nothing was sent, so nothing was charged."
            return f"{no_prompt_meaning(view.result_code, view.result_desc or '').staff}{raw}"
        case AttemptState.FAILED if view.source == "person":
            return f"A person decided that no money came: {view.result_desc}"
        case AttemptState.FAILED:
            unsure = " (Daraja's query said so; no callback came.)" if Flag.UNCONFIRMED in view.flags else ""
            return f"{stk_result(view.result_code or '').staff}{unsure}{raw}"
        case AttemptState.UNKNOWN:
            return _unknown_words(attempt)
        case _:
            assert_never(attempt.state)


def _unknown_words(attempt: Attempt) -> str:
    view = attempt.view
    code, text = view.result_code, view.result_desc or ""
    if code is None:
        return "The program that sent the prompt was stopped before it could store Daraja's answer."
    if view.source not in {"callback", "query"}:
        return f"{doubtful_meaning(code, text).staff}{_quoted(attempt)}"
    if contradicted(code, text):
        return f"M-PESA's code and its words say two different things, so neither counts.{_quoted(attempt)}"
    if code == "0":
        return f"M-PESA says paid, but gives no receipt number that can be read. That is no proof.{_quoted(attempt)}"
    return f"{stk_result(code).staff}{_quoted(attempt)}"


def _quoted(attempt: Attempt) -> str:
    return f" [{attempt.view.result_code}: {attempt.view.result_desc}]" if attempt.view.result_desc else ""


def _doubts(payment: Payment) -> list[str]:
    flags = payment.telling.view.flags
    lines = []
    if Flag.UNCONFIRMED in flags:
        lines.append("Daraja's query says it is paid; the receipt number has not come yet. Before goods of high value, "
                     "look for it on the M-PESA statement.")
    if Flag.LATE in flags:
        lines.append("It came late, after the prompt's time was over.")
    if Flag.ODD_TIME in flags:
        lines.append("The time that its message told can't be true; the time shown is when it was heard of.")
    if Flag.CONFLICT in flags:
        lines.append("Another message said otherwise (see the attempts with --json); the payment stands.")
    return lines


def _never_left(payment: Payment) -> bool:
    return all(a.state is AttemptState.NOT_SENT for a in payment.attempts)


def _review_reason(payment: Payment) -> str:
    view = payment.telling.view
    receipt = f" Receipt {view.receipt} was reported." if view.receipt else ""
    return f"The amount, the phone, the receipt or the request's id differs from what was asked.{receipt}"


def _plain(payment: Payment) -> list[tuple[str, str]]:
    view = payment.telling.view
    return [
        ("status", payment.status.value),
        ("order", payment.order_id),
        ("payment", payment.payment_id),
        ("amount", format_cents(payment.amount_cents).removeprefix("KES ").replace(",", "")),
        ("msisdn", payment.msisdn),
        ("receipt", view.receipt or ""),
        ("result_code", view.result_code or ""),
        ("paid_at", rfc3339(view.paid_us) or ""),
        ("flags", ",".join(sorted(view.flags))),
        ("environment", payment.environment),
    ]
