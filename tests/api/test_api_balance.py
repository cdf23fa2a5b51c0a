"""The balance over HTTP: the last one or a new one, with a scope of its own; whatever fails, no money moved."""

from pathlib import Path

import pytest
from api_bench import BOTH, initiate, served, settled, told


def test_the_last_balance_is_told_and_a_new_one_asked_for_with_a_scope_of_its_own(home: Path) -> None:
    with served(home) as shop, shop.client(*BOTH) as other, shop.client("balance:read") as client:
        assert other.get("/balance").status_code == 403
        never = client.get("/balance")
        assert (told(never), never.json()["money_moved"]) == ((404, "balance-not-told"), "no")
        first = client.get("/balance?refresh=true")
        assert first.status_code == 200, first.text
        before = {each["name"]: each["current"] for each in first.json()["accounts"]}
        initiate(other, "1042")
        settled(shop, other, "1042")
        assert client.get("/balance").json() == first.json(), "nobody asked"
        after = {a["name"]: a["current"] for a in client.get("/balance?refresh=true").json()["accounts"]}
        assert after["Utility Account"] - before["Utility Account"] == 150
        assert {a["name"]: a["current"] for a in client.get("/balance").json()["accounts"]} == after
        assert client.get("/balance?refresh=perhaps").status_code == 422


@pytest.mark.parametrize(("env", "expected"), [
    ({"MPESA_INITIATOR_NAME": "code-21"}, (502, "initiator-refused")),
    ({"MPESA_INITIATOR_NAME": "code-26"}, (422, "balance-refused")),
    ({"MPESA_INITIATOR_NAME": "no-result"}, (503, "no-answer")),
    ({"MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "k", "MPESA_CONSUMER_SECRET": "s"}, (500, "no-initiator")),
])
def test_why_there_is_no_balance_is_told_and_that_no_money_moved(
    home: Path, env: dict[str, str], expected: tuple[int, str]
) -> None:
    with served(home, env) as shop, shop.client("balance:read") as client:
        said = client.get("/balance?refresh=true")
        assert (told(said), said.json()["money_moved"]) == (expected, "no")
