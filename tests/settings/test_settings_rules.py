"""What each value may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.settings import rules
from mpesa_cli.settings.rules import RuleError


@pytest.mark.parametrize("text", ["12345", "247247", "5012345"])
def test_shortcodes_of_five_to_seven_digits_pass(text: str) -> None:
    assert rules.shortcode(text) == text


@pytest.mark.parametrize("text", ["", "1234", "12345678", "24724a", "247 247", "٢٤٧٢٤٧", "-24724", "247247\n"])
def test_other_shortcodes_are_refused_with_a_right_one(text: str) -> None:
    with pytest.raises(RuleError, match="247247"):
        rules.shortcode(text)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("https://pay.example.co.ke", "https://pay.example.co.ke"),
        (" https://pay.example.co.ke/ ", "https://pay.example.co.ke"),
        ("https://pay.example.co.ke:8443/hooks/", "https://pay.example.co.ke:8443/hooks"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_usable_addresses_pass_without_their_last_slash(text: str, tidied: str) -> None:
    assert rules.any_url(text) == tidied


@pytest.mark.parametrize(
    "text",
    ["", "pay.example.co.ke", "//pay.example", "ftp://pay.example", "http://pay.example", "http://127.0.0.1.evil.example",
     "http://localhost.evil.example", "https://", "https:///x", "https://a b.example", "https://pay.example?x=1",
     "https://pay.example/#x", "https://pay.example/?", "https://user@pay.example", "https://pay.example:0",
     "https://pay.example:99999", "https://[::1", "https://päy.example", "https://pay.example/\nx", "http://10.0.0.1"],
)
def test_unusable_addresses_are_refused(text: str) -> None:
    with pytest.raises(RuleError):
        rules.any_url(text)


@given(st.text())
def test_no_text_breaks_an_address_rule_in_another_way(text: str) -> None:
    for candidate in (text, "https://" + text):
        try:
            tidied = rules.any_url(candidate)
        except RuleError:
            continue
        assert rules.any_url(tidied) == tidied


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://pay.example.co.ke", []),
        ("https://MPESA.example", ["mpesa"]),
        ("https://a.example/m-pesa", ["m-pesa"]),
        ("https://mysql.example/Query", ["sql", "query"]),
        ("https://executive.example", ["exec", "exe"]),
        ("https://safaricom.example/cmd", ["safaricom", "cmd"]),
    ],
)
def test_darajas_forbidden_words_are_found_anywhere_in_any_case(url: str, words: list[str]) -> None:
    assert rules.banned_words(url) == words


@pytest.mark.parametrize("text", ["{order}", "HouseholdPlanet", "INV-{order}", "Shop 1"])
def test_references_may_hold_the_order(text: str) -> None:
    assert rules.reference_template(text) == text


@pytest.mark.parametrize("text", ["", "{shop}", "A&B", "{order", "#1", "a@b"])
def test_references_with_what_mpesa_does_not_carry_are_refused(text: str) -> None:
    with pytest.raises(RuleError):
        rules.reference_template(text)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://Shop.Example/  http://localhost:5173 ", "https://shop.example http://localhost:5173"),
        ("https://a.example https://a.example/", "https://a.example"),
        ("https://a.example:8443", "https://a.example:8443"),
        ("https://a.example:443 http://127.0.0.1:80", "https://a.example http://127.0.0.1"),
    ],
)
def test_origins_are_tidied_to_what_browsers_send(text: str, tidied: str) -> None:
    assert rules.origins(text) == tidied


@pytest.mark.parametrize(
    "text",
    ["", " ", "*", "null", "https://*.example", "http://shop.example", "https://shop.example/pay", "shop.example",
     "https://a.example,https://b.example", "https://a.example null", "https://user@a.example", "file:///x"],
)
def test_what_is_no_origin_of_a_page_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        rules.origins(text)
