"""A Tab offers what exists, quickly and without touching anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def tab(cli: Callable[..., Any], line: str) -> list[str]:
    env = {"_MPESA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    return str(cli(env=env).stdout).split()


def test_a_tab_offers_commands_profiles_and_the_newest_orders(
    cli: Callable[..., Any], mpesa: Callable[..., Any]
) -> None:
    for number in range(3):
        assert mpesa("push", f"25479900000{number}", "10", "--order", f"sale-{number}", "--no-wait").status == 0

    assert tab(cli, "mpesa pus") == ["push"]
    assert tab(cli, "mpesa status -P sim") == ["simulator"]
    assert sorted(tab(cli, "mpesa status sal")) == ["sale-0", "sale-1", "sale-2"]
    assert tab(cli, "mpesa retry sale-1") == ["sale-1"]


def test_a_tab_offers_codes_topics_and_names_of_secrets(cli: Callable[..., Any], home: Path) -> None:
    assert tab(cli, "mpesa explain 103") == ["1031", "1032", "1036", "1037"]
    assert tab(cli, "mpesa explain sfc") == ["sfc_IC0003"]
    assert tab(cli, "mpesa explain C2B0001") == [f"C2B0001{n}" for n in range(1, 7)]
    assert tab(cli, "mpesa help exit") == ["exit-status"]
    assert sorted(tab(cli, "mpesa help rec")) == ["receipt", "reconcile"]
    assert tab(cli, "mpesa help config sh") == ["show"]
    assert tab(cli, "mpesa help nothing ") == []
    assert tab(cli, "mpesa secrets set cons") == ["consumer-key", "consumer-secret"]
    assert tab(cli, "mpesa secrets delete api") == ["api-secret"]
    assert not home.exists()


@pytest.mark.parametrize("line", ["mpesa status sa", "mpesa push -P x"])
def test_a_tab_without_a_ledger_offers_nothing_and_makes_nothing(
    cli: Callable[..., Any], home: Path, line: str
) -> None:
    assert tab(cli, line) == []
    assert not home.exists()
