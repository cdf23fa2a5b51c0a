"""The initiator's password: the day on which it was stored is kept, and doctor says when it is about to expire."""

from collections.abc import Callable
from typing import Any

import pytest

DAY_S = 86_400


@pytest.mark.parametrize(("days", "words"), [(0, ""), (75, ""), (76, "expires in 14 days"), (89, "expires tomorrow"),
                                             (90, "has expired"), (400, "has expired")])
def test_doctor_warns_from_day_76_of_90(mpesa: Callable[..., Any], clock: Any, days: int, words: str) -> None:
    env = {"MPESA_ENVIRONMENT": "sandbox", "MPESA_PROFILE": "env"}
    stored = mpesa("secrets", "set", "initiator-password", "--store", "file", "--stdin", stdin="Good#Pass1\n", env=env)
    assert stored.status == 0, stored
    clock.advance(days * DAY_S)
    said = mpesa("doctor", env=env)
    told = " ".join((said.stdout + said.stderr).split())
    assert (words in told, "password was stored" in told) == (True, bool(words))


def test_a_password_of_which_nobody_knows_the_day_is_not_warned_about(mpesa: Callable[..., Any], home: Any) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "initiator-password-dates.json").write_text('{"simulator": "someday"}')
    assert "password was stored" not in mpesa("doctor").stdout
