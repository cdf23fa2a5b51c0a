"""The receipt's words: complete in both languages, one part long, and never like Safaricom's own."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.sms.text import is_gsm7, parts, sms_length
from mpesa_cli.sms.words import TEMPLATES, Language, SmsFacts, masked_payer, receipt_text

FACTS = SmsFacts(
    shop="Household Planet Kenya", environment="production", amount_cents=150_000, msisdn="254708374149",
    paid_us=1_795_505_400_000_000, receipt="UKO4Q7WX2B", order_id="INV-1042", account="",
)
LANGUAGES: tuple[Language, ...] = ("en", "sw")


def test_the_english_receipt() -> None:
    assert receipt_text(FACTS, "en") == (
        "Household Planet Kenya: KES 1,500 received from 0708***149, 24/11/26 10:30. "
        "M-PESA receipt UKO4Q7WX2B. Order INV-1042. Thank you."
    )


def test_the_kiswahili_receipt() -> None:
    assert receipt_text(FACTS, "sw") == (
        "Household Planet Kenya: Tumepokea KES 1,500 kutoka 0708***149, 24/11/26 10:30. "
        "Risiti ya M-PESA UKO4Q7WX2B. Oda INV-1042. Asante."
    )


@pytest.mark.parametrize("field", [f.name for f in fields(TEMPLATES["en"])])
def test_both_languages_have_every_phrase_with_the_same_places_in_gsm7(field: str) -> None:
    english, swahili = (getattr(TEMPLATES[language], field) for language in LANGUAGES)
    assert english
    assert swahili
    assert english != swahili
    places = [{part.split("}")[0] for part in text.split("{")[1:]} for text in (english, swahili)]
    assert places[0] == places[1]
    assert is_gsm7(english + swahili)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("environment", ["production", "sandbox", "simulator"])
@pytest.mark.parametrize("copy", [False, True])
def test_the_longest_sensible_values_fit_one_part_and_keep_the_whole_name(
    language: Language, environment: str, copy: bool
) -> None:
    longest = replace(FACTS, environment=environment, amount_cents=25_000_050, copy=copy, order_id="INV-2026-104288-B")
    text = receipt_text(longest, language)
    assert sms_length(text).encoding == "GSM-7"
    assert parts(text) == 1
    assert text.startswith("Household Planet Kenya")
    for told in ("KES 250,000.50", "0708***149", "24/11/26 10:30", "UKO4Q7WX2B"):
        assert told in text


@given(
    shop=st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=100),
    order=st.text(alphabet="ABC0-/#", min_size=1, max_size=64),
    cents=st.integers(1, 25_000_000),
    environment=st.sampled_from(["production", "sandbox", "simulator"]),
    language=st.sampled_from(LANGUAGES),
)
def test_any_ascii_shop_and_order_fit_one_part_and_never_lose_the_money(
    shop: str, order: str, cents: int, environment: str, language: Language
) -> None:
    facts = replace(FACTS, shop=shop or "Shop", order_id=order, amount_cents=cents, environment=environment)
    text = receipt_text(facts, language)
    assert parts(text) == 1
    assert "UKO4Q7WX2B" in text
    assert "KES" in text
    assert (environment.upper() in text) is (environment != "production")
    if TEMPLATES[language].order.split("{")[0] in text.removeprefix(shop):
        assert order in text  # an order is whole or not there


def test_a_long_name_is_shortened_last_and_keeps_its_beginning() -> None:
    text = receipt_text(replace(FACTS, shop="Mama Mboga na Wajukuu Wake Wote " * 3, environment="simulator"), "sw")
    assert parts(text) == 1
    assert text.startswith("Mama Mboga na Wajukuu")
    assert "Oda" not in text
    assert "Asante" not in text


def test_a_typographic_name_costs_nothing_and_a_foreign_script_two_parts_at_most() -> None:
    assert sms_length(receipt_text(replace(FACTS, shop="Njoki’s “Duka” 🛒"), "en")).encoding == "GSM-7"
    assert receipt_text(replace(FACTS, shop="Duka 🛒"), "en").startswith("Duka: ")
    for language in LANGUAGES:
        foreign = receipt_text(replace(FACTS, shop="商店" * 30, environment="simulator"), language)
        assert parts(foreign) <= 2
        assert foreign.startswith("商店")


def test_a_receipt_never_begins_like_one_of_safaricoms_own() -> None:
    for language in LANGUAGES:
        assert receipt_text(FACTS, language).startswith(FACTS.shop)
        assert "Confirmed" not in receipt_text(FACTS, language)


def test_money_by_hand_names_the_account_and_a_missing_receipt_number_is_left_out() -> None:
    by_hand = receipt_text(replace(FACTS, order_id="", account="0740271041"), "en")
    assert "Account 0740271041." in by_hand
    assert "Order" not in by_hand
    assert "receipt" not in receipt_text(replace(FACTS, receipt=""), "en").replace("received", "")


def test_a_copy_says_so() -> None:
    assert ": COPY. " in receipt_text(replace(FACTS, copy=True), "en")
    assert ": NAKALA. " in receipt_text(replace(FACTS, copy=True), "sw")


def test_a_number_is_masked_and_an_unknown_one_hidden_whole() -> None:
    assert masked_payer("254708374149") == "0708***149"
    assert masked_payer("2547 ***** 126") == masked_payer("") == masked_payer("a" * 64) == "***"
