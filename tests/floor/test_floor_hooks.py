"""Addresses with a secret in them: what is made for Safaricom is what the listener reads, and nothing else is."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.wire.addresses import Hook, HookKind, read_hook, secret_hash

SECRET = "0123456789abcdef" * 2
KINDS = get_args(HookKind)
SECRETS = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(st.sampled_from(KINDS), SECRETS)
def test_every_address_that_is_made_is_read_as_what_it_was_made_for(kind: HookKind, secret: str) -> None:
    made = Hook(kind, secret)
    assert read_hook(made.path) == made
    assert made.at("https://pay.example.co.ke/till/") == f"https://pay.example.co.ke/till{made.path}"


OTHERS = st.text("0123456789abcdef", max_size=40).filter(lambda text: len(text) != 32)
ODD = st.builds(lambda text, odd: text[:31] + odd, SECRETS, st.sampled_from("AgF./ \n٠０"))


@given(st.sampled_from(KINDS), OTHERS | ODD)
def test_what_is_no_secret_makes_no_address(kind: HookKind, text: str) -> None:
    assert read_hook(Hook(kind, text).path) is None


@pytest.mark.parametrize("beside", ["{}/", "{}\n", "/{}", "{}?x=1", "x{}", "{}%20"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_path_beside_an_address_is_none(kind: HookKind, beside: str) -> None:
    assert read_hook(beside.format(Hook(kind, SECRET).path)) is None


def test_an_address_keeps_its_secret_to_itself_and_the_ledger_keeps_another_thing() -> None:
    hook = Hook("stk", SECRET)
    assert SECRET not in repr(hook)
    assert hook.secret_hash == secret_hash(SECRET)
    assert SECRET not in hook.secret_hash
