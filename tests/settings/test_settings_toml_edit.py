"""Changing a file that a person wrote."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.settings.toml_edit import with_profile

HAND_WRITTEN = """\
# our shop
default_profile = "shop"   # the counter

[profile.shop]
environment = "sandbox"    # for now
kind = "paybill"
# shortcode = "1"
language = "sw"            # customers like it

[profile.shop.sms]
provider = "none"

[profile.other]            # the branch
environment = "sandbox"
"""


def test_a_new_profile_is_appended_and_every_old_line_stays() -> None:
    changed = with_profile(HAND_WRITTEN, "new", {"environment": "sandbox", "till": None}, default=None)
    assert changed is not None
    assert changed.startswith(HAND_WRITTEN)
    assert tomllib.loads(changed)["profile"]["new"] == {"environment": "sandbox"}


def test_a_changed_profile_keeps_comments_order_and_other_keys() -> None:
    changed = with_profile(HAND_WRITTEN, "shop", {"environment": "production", "shortcode": "247247"}, default=None)
    assert changed is not None
    lines = changed.splitlines()
    assert set(HAND_WRITTEN.splitlines()) - set(lines) == {'environment = "sandbox"    # for now'}
    assert tomllib.loads(changed)["profile"]["shop"] == {
        "environment": "production", "kind": "paybill", "language": "sw", "shortcode": "247247",
        "sms": {"provider": "none"},
    }


def test_an_answer_of_none_takes_the_key_out() -> None:
    changed = with_profile(HAND_WRITTEN, "shop", {"language": None}, default=None)
    assert changed is not None
    assert "language" not in tomllib.loads(changed)["profile"]["shop"]


def test_the_first_profile_of_a_new_file_becomes_the_default() -> None:
    changed = with_profile("", "shop", {"environment": "sandbox"}, default="shop")
    assert changed == 'default_profile = "shop"\n\n[profile.shop]\nenvironment = "sandbox"\n'


@pytest.mark.parametrize(
    "text",
    [
        'profile.shop.environment = "sandbox"\n',
        'profile = {shop = {environment = "sandbox"}}\n',
        '[profile]\nshop = {environment = "sandbox"}\n',
        '[profile.shop]\nenvironment = """\nsandbox"""\n',
        'x = """\n[profile.shop]\n"""\n[profile.shop ]\nenvironment = "sandbox"\n',
    ],
)
def test_a_file_that_cannot_be_changed_faithfully_is_not_changed(text: str) -> None:
    changed = with_profile(text, "shop", {"environment": "production"}, default=None)
    if changed is not None:
        expected = tomllib.loads(text)
        expected["profile"]["shop"]["environment"] = "production"
        assert tomllib.loads(changed) == expected


_WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
_TABLES = st.dictionaries(st.sampled_from(["a", "b-c", "shop", "till"]), st.dictionaries(
    st.sampled_from(["environment", "kind", "shortcode", "description"]), _WORDS, max_size=4), max_size=4)


@given(_TABLES, st.sampled_from(["a", "shop", "new"]), st.dictionaries(
    st.sampled_from(["environment", "till", "description"]), st.none() | _WORDS, max_size=3))
def test_whatever_stood_there_only_the_answers_change(
    tables: dict[str, dict[str, str]], name: str, answers: dict[str, str | int | None]
) -> None:
    lines: list[str] = []
    for table, values in tables.items():
        lines.append(f"[profile.{table}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}  # {key}" for key, value in values.items()]
    text = "".join(line + "\n" for line in lines)
    before = tomllib.loads(text)
    changed = with_profile(text, name, answers, default=None)
    assert changed is not None
    after = tomllib.loads(changed)
    expected = before.setdefault("profile", {}).setdefault(name, {})
    for key, value in answers.items():
        expected.pop(key, None)
        if value is not None:
            expected[key] = value
    assert after == before
