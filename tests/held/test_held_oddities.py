"""Whatever comes in is a payment or is named by reconcile, never neither: every oddity that could be thought of."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, failed, paid
from held.held_shop import HeldShop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpesa_cli.ledger.held import Held

NUMBERS = st.one_of(
    st.sampled_from(
        [0, 1, -1, 150, 150.0, 150.5, 150.555, "150", "150.00", "1,500.00", "KES 150", "", " ", "x", "1e3", "٣٠", None,
         True, [], {}, 10**15, 10**30, "0", "0.00", "-150", "NaN"]
    ),
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12),
)
RECEIPTS = st.one_of(
    st.sampled_from(["UKO4Q7X81C", "uko4q7x81c", " UKO4Q7X81C ", "UKO4Q7X20ABCD", "UKO-4Q7X81C", "0712345678", "", None,
                     12345678, "X" * 40, "UKO4Q7X81C\n", [], True]),
    st.text("ABCXYZ0123456789", min_size=7, max_size=21),
)
PHONES = st.one_of(
    st.sampled_from(["254708374149", 254708374149, "2547 ***** 149", "2547••••149", "2547-***-149", "", None, "a" * 64,
                     "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", [], {"x": 1}, 2.5, True]),
    st.text(max_size=20),
)
SHORTCODES = st.one_of(
    st.sampled_from(["OWN", "OWN", "OWN", "0174379", "600000", "", None, 174379, "x", [], " 174379 "]),
    st.text(max_size=9),
)
TEXTS = st.one_of(st.sampled_from(["", None, 0, [], "A1", "\x00", "\u202e", "💰" * 9]), st.text(max_size=30))
BY_HAND = st.fixed_dictionaries(
    {}, optional={
        "TransID": RECEIPTS, "TransAmount": NUMBERS, "BusinessShortCode": SHORTCODES, "MSISDN": PHONES,
        "BillRefNumber": TEXTS, "TransTime": TEXTS, "FirstName": TEXTS, "TransactionType": TEXTS, "Odd": TEXTS,
    },
)
CODES = st.one_of(st.sampled_from([0, "0", 1032, "1032", "SFC_IC0003", None, "", [], True]), TEXTS)
ON_PROMPT = st.one_of(
    st.builds(paid, receipt=RECEIPTS, amount=NUMBERS, phone=PHONES),
    st.builds(paid, receipt=RECEIPTS, ResultCode=st.one_of(TEXTS, st.integers(0, 3))),
    st.builds(failed, CODES, TEXTS),
    st.builds(paid, receipt=RECEIPTS, CallbackMetadata=st.sampled_from([None, "", {"Item": []}, {"Item": [1]}])),
)


def bytes_of(document: Any, cut: int, twice: bool) -> bytes:
    """As bytes; with a tail cut off, or its first key told twice."""
    body = encode(document)
    if twice and body.startswith(b"{\""):
        body = b"{" + body[1 : body.index(b":") + 1] + b'"x", ' + body[1:]
    return body[: len(body) - cut]


def drawn(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Mostly whole documents of these."""
    cuts = st.one_of(st.just(0), st.just(0), st.just(0), st.integers(0, 300))
    return st.builds(bytes_of, documents, cuts, st.sampled_from([False, False, False, True]))


def check(shop: HeldShop, by_hand: list[Any], on_prompt: list[bytes], cut: int) -> None:
    """Receive all of it, reconcile, and look for each body in what was said."""
    for number, changed in enumerate(by_hand):
        own = {"BusinessShortCode": shop.profile.shortcode, "TransID": f"UKO4R7X{number:03}"}
        said = c2b(**{**own, **changed})
        if said["BusinessShortCode"] == "OWN":
            said["BusinessShortCode"] = shop.profile.shortcode
        assert shop.confirm(bytes_of(said, cut if number == 0 else 0, number == 1)).status == 200
    shop.clock.advance(1)
    name = f"P{shop.clock.now_us()}"
    ref = shop.prompt(name, token=name)
    for body in on_prompt[:30]:
        assert shop.callback(body, token=name).status == 200
    done = shop.mpesa("reconcile", "--json")
    named = {each["id"] for each in json.loads(done.stdout)["held"]}
    stored = shop.ledger.rows("SELECT callback_id, channel, verdict, body FROM callbacks")
    for callback_id, channel, verdict, body in stored:
        held = shop.ledger.rows("SELECT held_id FROM held_messages WHERE callback_id=?", (callback_id,))
        if held:
            held_id = str(held[0][0])
            closed = Held(shop.ledger).message(held_id).state == "applied"
            assert closed or (held_id in named and done.status == 7), body
            continue
        told = shop.ledger.rows(
            "SELECT payment_id FROM journal WHERE kind IN ('received', 'claimed_paid', 'callback_failed') "
            "AND json_extract(facts, '$.callback_id')=?", (callback_id,),
        )
        assert verdict == "repeat" or (verdict == "applied" and told), (channel, verdict, body)
    assert shop.ledger.payment(ref.payment_id) is not None


LISTS = (st.lists(BY_HAND, max_size=15), st.lists(drawn(ON_PROMPT), max_size=15), st.integers(0, 300))


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(*LISTS)
def test_whatever_comes_in_is_a_payment_or_is_named(
    mpesa: Callable[..., Any], clock: Any, tmp_path_factory: Any, by_hand: list[Any], on_prompt: list[bytes], cut: int
) -> None:
    thrown(mpesa, clock, tmp_path_factory.mktemp("home"), by_hand, on_prompt, cut)


@pytest.mark.long
@settings(max_examples=1_000, suppress_health_check=list(HealthCheck))
@given(*LISTS)
def test_thousands_of_oddities_are_payments_or_are_named(
    mpesa: Callable[..., Any], clock: Any, tmp_path_factory: Any, by_hand: list[Any], on_prompt: list[bytes], cut: int
) -> None:
    thrown(mpesa, clock, tmp_path_factory.mktemp("home"), by_hand, on_prompt, cut)


def thrown(
    mpesa: Callable[..., Any], clock: Any, home: Path, by_hand: list[Any], on_prompt: list[bytes], cut: int
) -> None:
    """The same on a shop of its own."""

    def run(*argv: str) -> Any:
        return mpesa(*argv, env={"MPESA_HOME": str(home)})

    shop = HeldShop(run, clock, home)
    try:
        check(shop, by_hand, on_prompt, cut)
    finally:
        shop.close()
