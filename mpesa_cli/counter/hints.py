"""The two lines below the form: what is known of the number so far, and the amount in words, or what is wrong."""

from mpesa_cli.counter.form import Field, Form
from mpesa_cli.counter.ports import Ports
from mpesa_cli.counter.snapshot import Tone
from mpesa_cli.counter.view import Line
from mpesa_cli.counter.words import Say
from mpesa_cli.floor.errors import InvalidInput, MpesaError
from mpesa_cli.floor.moments import SECOND_US, clock_time
from mpesa_cli.history.query import HistoryFilter
from mpesa_cli.history.store import History
from mpesa_cli.payments.push import PHONE_LOOKBACK_US
from mpesa_cli.rules.push_rules import phone_wait_s
from mpesa_cli.rules.values.amount import format_cents, parse_shillings
from mpesa_cli.rules.values.msisdn import operator_warning, parse_msisdn
from mpesa_cli.terminal.amount_words import amount_in_english, amount_in_kiswahili
from mpesa_cli.terminal.state_words import STATUS_WORDS

WHOLE = 10  # digits of a number as people type it
SHOWN = 3


def phone_of(form: Form) -> str | None:
    """The MSISDN that is typed; None where it is not whole. Raises InvalidInput where it is wrong."""
    whole = WHOLE if form.phone.startswith("0") else 9 if form.phone[:1] in {"7", "1"} else 12
    return parse_msisdn(form.phone) if len(form.phone.removeprefix("+")) >= whole else None


def hints(form: Form, ports: Ports, say: Say, refusal: str) -> list[Line]:
    """Two lines at most. ``refusal`` is what the last Enter met; it is shown until something else is typed."""
    if refusal:
        return [Line(f" {refusal}", Tone.BAD)]
    try:
        msisdn = phone_of(form)
        shillings = parse_shillings(form.amount, ports.profile.limits) if form.amount else 0
        lines = [] if msisdn is None else _about(msisdn, shillings * 100, ports, say)
    except InvalidInput as wrong:
        return [Line(f" {wrong.message}", Tone.BAD)]
    except MpesaError as busy:
        return [Line(f" {busy.message}", Tone.DOUBT)]
    if not lines:
        return [Line(f" {say('type_amount' if form.field is Field.AMOUNT else 'type_phone')}", Tone.FAINT)]
    if shillings:
        spell = amount_in_kiswahili if ports.profile.language == "sw" else amount_in_english
        lines.append(Line(f" {spell(shillings * 100)}"))
    return lines


def _about(msisdn: str, cents: int, ports: Ports, say: Say) -> list[Line]:
    ledger, now_us = ports.ledger, ports.world.now_us()
    if wait_s := phone_wait_s(ledger.prompts_on(msisdn, now_us - PHONE_LOOKBACK_US), cents, now_us):
        return [Line(f" {say('wait_turn', seconds=wait_s)}", Tone.DOUBT)]
    if warning := operator_warning(msisdn):
        return [Line(f" {warning}", Tone.DOUBT)]
    found = list(History(ledger).payments(HistoryFilter(msisdn=msisdn, limit=SHOWN)))
    if not found:
        return [Line(f" {say('no_payments')}", Tone.FAINT)]
    words = ", ".join(
        f"{format_cents(each.amount_cents)} {STATUS_WORDS[each.status]} {_when(each.created_us, now_us)}"
        for each in found
    )
    return [Line(f" {say('last', payments=words)}", Tone.FAINT)]


def _when(at_us: int, now_us: int) -> str:
    days = (now_us - at_us) // (86_400 * SECOND_US)
    return clock_time(at_us)[:5] if days < 1 else f"{days} d"
