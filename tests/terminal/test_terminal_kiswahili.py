"""The clerk's own screens in Kiswahili: complete, with the same commands as in English, and the same exit statuses."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus, Terms, attempt_view
from mpesa_cli.terminal.payment_words import summary
from mpesa_cli.terminal.watch import phase

Run = Callable[..., Any]
PHONE, RECEIPT, S = "254708374149", "UKO4Q7WX2B", 1_000_000
SENT: tuple[ev.Evidence, ...] = (ev.Sending(S, 1), ev.Accepted(2 * S, 1, "M1", "ws_CO_A"))
STORIES: dict[str, tuple[ev.Evidence, ...]] = {
    "created": (), "sending": SENT[:1], "pending": SENT,
    "paid": (*SENT, ev.Received(8 * S, "callback", RECEIPT, 15_000, msisdn=PHONE)),
    "by query": (*SENT, ev.QueryAnswered(8 * S, "0", "Success")),
    "late": (*SENT, ev.Received(9_000 * S, "callback", RECEIPT, 15_000, msisdn=PHONE)),
    "cancelled": (*SENT, ev.CallbackFailed(8 * S, "1032", "cancelled")),
    "said by one query": (*SENT, ev.QueryAnswered(8 * S, "1032", "cancelled")),
    "refused": (SENT[0], ev.Refused(2 * S, 1, "400.002.02", "Bad Request - Invalid Amount")),
    "undelivered": (SENT[0], ev.Undelivered(2 * S, 1, "dns", "no such name")),
    "unknown": (*SENT, ev.CallbackFailed(8 * S, "7777", "nobody knows")),
    "review": (*SENT, ev.Received(8 * S, "callback", RECEIPT, 100, msisdn=PHONE)),
}
COMMAND = re.compile(r"mpesa [a-z]+ \S+")
ENGLISH = re.compile(r"\b(the|customer|paid|money|again|order|receipt|prompt|nothing|not)\b", re.IGNORECASE)


def payment(evidence: tuple[ev.Evidence, ...]) -> Payment:
    view = attempt_view(Terms(15_000, PHONE), evidence)
    attempt = Attempt(AttemptRef("PAY-1", 1), PHONE, 15_000, S, withdrawn=False, view=view)
    return Payment("PAY-1", "1042", "production", "shop", "174379", 15_000, PHONE, "", "", S, (attempt,))


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("verbose", [False, True])
def test_every_standing_has_kiswahili_words_and_the_commands_of_the_english_ones(story: str, verbose: bool) -> None:
    stands = payment(STORIES[story])
    english, swahili = (summary(stands, verbose=verbose, language=each) for each in ("en", "sw"))
    assert COMMAND.findall(" ".join(english)) == COMMAND.findall(" ".join(swahili))
    said = re.sub(r"mpesa [a-z]+ \S+|--\w+|\[.*?\]", "", " ".join(swahili)).replace("paid --reason", "")
    assert ENGLISH.findall(said.replace("paid", "") if stands.status is PaymentStatus.REVIEW else said) == []
    assert ENGLISH.findall(phase(stands, "sw")) == []


def test_every_status_was_among_them_or_is_said_too() -> None:
    seen = {payment(each).status for each in STORIES.values()}
    assert seen == set(PaymentStatus) - {PaymentStatus.PARTIAL, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}
    assert {payment(each).last.state for each in STORIES.values()} == set(AttemptState)
    paid = payment(STORIES["paid"])
    for asked_cents, word in ((20_000, "KWA SEHEMU"), (10_000, "ZAIDI")):
        shown = summary(replace(paid, amount_cents=asked_cents), language="sw")
        assert word in shown[0]
        assert "zimekuja KES 150" in shown[0]


def test_a_push_of_a_shop_that_speaks_kiswahili_is_kiswahili_from_asking_to_the_advice(mpesa: Run) -> None:
    sw = {"MPESA_LANGUAGE": "sw"}
    paid = mpesa("push", "0708374149", "150", "--order", "A1", env=sw, tty=True)
    assert paid.status == 0
    assert "Inaomba 0708•••149 alipe KES 150, oda A1" in paid.stderr
    assert "Inasubiri PIN ya mteja" in paid.stderr
    assert "IMELIPWA" in paid.stdout
    assert "hakuna pesa halisi iliyosogea" in paid.stdout
    cancelled = mpesa("push", "0700001032", "150", "--order", "A2", env=sw, tty=True)
    assert cancelled.status == 3
    assert "HAIJALIPWA KES 150 kwa oda A2" in cancelled.stdout
    assert "Mteja ameghairi. Hakuna pesa iliyokatwa kwa ombi hili." in cancelled.stdout
    assert "Mwambie mteja: Ombi la M-PESA limeghairiwa" in cancelled.stdout
    assert "Omba tena: mpesa retry A2" in cancelled.stdout
    plain = mpesa("status", "A2", "--no-refresh", env=sw)
    assert plain.stdout.startswith("status\tfailed")  # what programs read stays as it is
