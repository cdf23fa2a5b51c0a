"""Where a form of the receipt can't show the letters of a name, that is said, with the form that can."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def made(mpesa: Run, folder: Path, name: str, form: str) -> Any:
    env = {"MPESA_SHOP_NAME": name}
    assert mpesa("push", "254708374149", "100", "--order", "1", env=env).status == 0
    return mpesa("receipt", "1", "--output", str(folder / f"receipt.{form}"), env=env)


@pytest.mark.parametrize("form", ["pdf", "prn", "txt"])
@pytest.mark.parametrize("name", ["ሰላም Duka", "دكان مومباسا", "肯尼亚商店"])
def test_letters_that_a_form_does_not_have_are_named(mpesa: Run, tmp_path: Path, name: str, form: str) -> None:
    said = made(mpesa, tmp_path, name, form)
    assert said.status == 0
    assert "Letters are shown as '?' here" in said.stderr
    assert next(letter for letter in name if not letter.isascii()) in said.stderr
    assert "mpesa receipt 1 --output receipt.html" in said.stderr


@pytest.mark.parametrize(
    ("name", "form"), [("ሰላም Duka", "html"), ("Café Ngong'", "pdf"), ("Café – Duka", "prn"), ("Why?", "txt")]
)
def test_a_form_that_shows_or_spells_everything_says_nothing(mpesa: Run, tmp_path: Path, name: str, form: str) -> None:
    said = made(mpesa, tmp_path, name, form)
    assert (said.status, "Letters are shown" in said.stderr) == (0, False)
