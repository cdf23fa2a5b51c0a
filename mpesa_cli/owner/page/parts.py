"""The parts of the page, by their ids: each number with what it is compared with and the command that shows it."""

from collections.abc import Mapping
from html import escape

from mpesa_cli.board.cards import Card, Kind
from mpesa_cli.floor.moments import clock_time, day_and_time
from mpesa_cli.history.query import day_of
from mpesa_cli.owner.figures import HOUR_US, Takings, Unread, week_begin_us
from mpesa_cli.owner.needs import Example, Need, Tone, age_words, verdict
from mpesa_cli.owner.page.chart import chart
from mpesa_cli.owner.page.words import (
    Commands,
    count_beside,
    hour_and_minute,
    money,
    money_beside,
    rate,
    rate_words,
    weekday,
)
from mpesa_cli.owner.reading import Look
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.state_words import STATUS_WORDS

IDS = ("status", "today", "needs", "now", "hours", "days", "reasons", "watch")
_HEADS = {
    "needs": "Needs a person", "today": "Today", "now": "Now", "hours": "Today by hour", "days": "Seven days",
    "reasons": "Why payments failed", "watch": "What it rests on",
}
_TITLES = {Tone.GOOD: "fine", Tone.BAD: "needs a person", Tone.DOUBT: "can't be told", Tone.OFF: "not used"}
_CARD_TONES = {
    Kind.WAITING: "wait", Kind.PAID: "good", Kind.NOT_PAID: "plain", Kind.UNKNOWN: "doubt", Kind.LOOK: "bad"
}
_BALANCE_OLD_US = 24 * HOUR_US
_CALLBACK_FRESH_US = 600_000_000


def parts(look: Look | None, trouble: str, command: Commands) -> Mapping[str, str]:
    """All parts. ``look`` None: nothing was read yet; ``trouble`` is why it is no newer, empty where it is new."""
    if look is None:
        unknown = "<p>Not known yet.</p>"
        return {"status": _trouble(trouble), **{name: _section(name, unknown) for name in _HEADS}}
    bodies = {
        "needs": _needs(look, command), "today": _today(look.takings, command), "now": _now(look, command),
        "hours": _hours(look.takings, command), "days": _days(look.takings, command),
        "reasons": _reasons(look, command), "watch": _watch(look, command),
    }
    if trouble:  # what is old must not look well
        bodies = {name: f'<div class="old">{body}</div>' for name, body in bodies.items()}
    asof = f'<p class="asof">As of <time>{day_and_time(look.at_us)}{clock_time(look.at_us)[5:]}</time></p>'
    return {"status": asof + _trouble(trouble), **{name: _section(name, body) for name, body in bodies.items()}}


def _trouble(trouble: str) -> str:
    return f'<p class="trouble">These numbers are old. {escape(trouble)}</p>' if trouble else ""


def _section(name: str, body: str) -> str:
    return f'<h2>{_HEADS[name]}</h2>{body}'


def _unread(unread: Unread) -> str:
    return f'<p class="doubt">Can\'t be told: {escape(unread.why)}</p>'


def _needs(look: Look, command: Commands) -> str:
    words, tone = verdict(look.needs, look.not_watched)
    silent = "".join(f'<li class="doubt">{escape(line)}</li>' for line in look.not_watched)
    lines = "".join(_need(need, command) for need in look.needs)
    before = f"<ul>{silent}</ul>" if silent else ""
    return f'<p class="verdict {tone}">{escape(words)}</p>{before}<ul class="needs">{lines}</ul>'


def _need(need: Need, command: Commands) -> str:
    number = "–" if need.count is None else f"{need.count:,}"
    rows = "".join(_example(example) for example in need.examples) if need.tone is Tone.BAD else ""
    listed = f"<ul>{rows}</ul>" if rows else ""
    return (
        f'<li class="need {need.tone}"><span class="number">{number}</span> '
        f'<span class="title">{escape(need.title)}</span> <span class="mark">{_TITLES[need.tone]}</span> '
        f'<span class="words">{escape(need.words)}</span> {listed}{command(need.command)}</li>'
    )


def _example(example: Example) -> str:
    return (
        f"<li>order {escape(example.order_id)}, {money(example.amount_cents)}, {escape(example.phone)}, "
        f"{day_and_time(example.asked_us)}</li>"
    )


def _today(takings: Takings | Unread, command: Commands) -> str:
    if isinstance(takings, Unread):
        return _unread(takings)
    now, before = takings.today.now, takings.today.before
    when = f"on {weekday(takings.days[-1].from_us - 7 * 24 * HOUR_US)} by {hour_and_minute(takings.at_us)}"
    back = f" {money(now.reversed_cents)} of it went back." if now.reversed_cents else ""
    shown = command("mpesa history --summary --since today")
    return '<div class="tiles">' + "".join(
        (
            _tile("Takings", money(now.gross_cents), money_beside(now, before, when) + back, shown),
            _tile("Payments", f"{now.count:,}", count_beside(before, when), shown),
            _tile("Success", rate(now), rate_words(now), shown),
        )
    ) + "</div>"


def _tile(title: str, number: str, words: str, command: str) -> str:
    return f'<div class="tile"><h3>{title}</h3><p class="big">{number}</p><p>{words}</p>{command}</div>'


def _now(look: Look, command: Commands) -> str:
    if isinstance(look.cards, Unread):
        return _unread(look.cards)
    rows = "".join(_card(card, look.at_us) for card in look.cards)
    body = f'<ul class="cards">{rows}</ul>' if rows else "<p>Nobody waits, and nothing new.</p>"
    return body + command("mpesa history --since today")


def _card(card: Card, now_us: int) -> str:
    payment = card.payment
    return (
        f'<li><span class="word {_CARD_TONES[card.kind]}">{STATUS_WORDS[payment.status]}</span> '
        f"{money(payment.amount_cents)} <span>order {escape(payment.order_id)}</span> "
        f"<span>{escape(mask_msisdn(payment.telling.msisdn))}</span> "
        f"<span>{age_words(payment.last.created_us, now_us)} ago</span></li>"
    )


def _hours(takings: Takings | Unread, command: Commands) -> str:
    if isinstance(takings, Unread):
        return _unread(takings)
    drawn = chart("hours", "Takings today by hour", takings.hours, hour_and_minute, every=3)
    return drawn + command("mpesa history --summary --by hour --since today")


def _days(takings: Takings | Unread, command: Commands) -> str:
    if isinstance(takings, Unread):
        return _unread(takings)
    now, before = takings.week.now, takings.week.before
    back = f" {money(now.reversed_cents)} of it went back." if now.reversed_cents else ""
    words = (
        f'<p><strong>{money(now.gross_cents)}</strong> from {now.count:,} payments, {rate(now)} successful. '
        f'{money_beside(now, before, "in the seven days before, up to the same time")}{back}</p>'
    )
    drawn = chart("days", "Takings of seven days", takings.days, lambda us: weekday(us).rsplit(" ", 1)[0], every=1)
    return words + drawn + command(f"mpesa history --summary --since {day_of(week_begin_us(takings.at_us))}")


def _reasons(look: Look, command: Commands) -> str:
    if isinstance(look.reasons, Unread):
        return _unread(look.reasons)
    if not look.reasons:
        return "<p>None failed in seven days.</p>" + command("mpesa history --status failed --since 7d")
    rows = "".join(
        f'<li><span class="number">{r.today:,}</span> today, <span class="number">{r.week:,}</span> in seven days: '
        f'<strong>{escape(r.title)}</strong><p>{escape(r.helps)}</p>{command(r.command)}</li>'
        for r in look.reasons
    )
    return f'<ul class="reasons">{rows}</ul>'


def _watch(look: Look, command: Commands) -> str:
    return f'<ul class="watch">{_callback(look, command)}{_balance(look, command)}</ul>'


def _callback(look: Look, command: Commands) -> str:
    at = look.callback_us
    if isinstance(at, Unread):
        return f"<li>{_unread(at)}</li>"
    if at is None:
        words, tone = "None has come yet.", "doubt"
    else:
        fresh = look.at_us - at < _CALLBACK_FRESH_US
        words, tone = f"{age_words(at, look.at_us)} ago, at {day_and_time(at)}.", "good" if fresh else "plain"
    return f'<li><strong>Last callback</strong>: <span class="{tone}">{words}</span> {command("mpesa doctor")}</li>'


def _balance(look: Look, command: Commands) -> str:
    told, ask = look.balance, command("mpesa balance")
    if isinstance(told, Unread):
        return f"<li>{_unread(told)}</li>"
    if told is None:
        return f'<li><strong>Balance</strong>: <span class="off">M-PESA was never asked.</span> {ask}</li>'
    rows = "".join(
        f"<li>{escape(each.name)}: {money(each.current_cents)}</li>" for each in told.accounts
    )
    age = f"as M-PESA told it {age_words(told.at_us, look.at_us)} ago, at {day_and_time(told.at_us)}"
    old = look.at_us - told.at_us > _BALANCE_OLD_US
    words = f'<span class="doubt">Old: {age}.</span>' if old else f"<span>{age}.</span>"
    return f"<li><strong>Balance</strong>, {words}<ul>{rows}</ul>{ask}</li>"
