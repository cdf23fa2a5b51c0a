"""docs/develop/tokens.md by doing: its commands work one after the other, and its tables are the code's."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from token_parts import Desk

from mpesa_cli.api.tokens import refusal
from mpesa_cli.api.tokens.values import SCOPES
from mpesa_cli.settings.keys import KEY_BY_NAME

GUIDE = (Path(__file__).parents[3] / "docs" / "develop" / "tokens.md").read_text(encoding="utf-8")
RUNS = re.compile(r"<!-- runs -->\n```sh\n(.*?)```", re.DOTALL)


def first_column(begin: str) -> list[str]:
    """The first cells of the rows of the table that begins so."""
    table = GUIDE[GUIDE.index(begin) :].partition("\n\n")[0]
    return re.findall(r"^\| `(.+?)` \| ", table, re.MULTILINE)


def test_its_commands_make_a_token_that_opens(desk: Desk) -> None:
    desk.environ = {}
    shim = f'mpesa() {{ "{sys.executable}" -m mpesa_cli "$@"; }}\n'
    blocks = RUNS.findall(GUIDE)
    assert len(blocks) == 2
    done = subprocess.run(
        ["bash", "-euc", shim + "".join(blocks) + 'printf "%s" "$TOKEN" > "$MPESA_HOME/token.txt"'],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "MPESA_HOME": str(desk.home)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\t")[1:4] == ["shop", "payments:read payments:write", "valid"]
    import time

    desk.clock.now = time.time_ns() // 1000  # that token was made by the machine's clock
    assert desk.checker()((desk.home / "token.txt").read_text()).scopes == {"payments:read", "payments:write"}


def test_every_code_and_scope_is_in_its_tables() -> None:
    for begin, expected in (("| scope | allows |", set(SCOPES)), ("| code | HTTP |", set(refusal.HINTS))):
        assert set(first_column(begin)) == expected


def test_the_fields_in_its_table_are_those_of_the_document(desk: Desk) -> None:
    fields = [name for cell in first_column("| field | kind |") for name in cell.split("`, `")]
    assert list(desk.issued()) == fields
    (listed,) = json.loads(desk.run("token", "list", "--json").stdout)
    assert list(listed) == fields[1:]
    assert list(json.loads(desk.run("token", "revoke", listed["jti"], "--json").stdout)) == fields[1:]


def test_the_statuses_in_its_table_are_the_codes_own() -> None:
    for code, status, word in re.findall(r"^\| `([a-z-]+)` \| (\d+) \| `?([a-z_]+)`? \|", GUIDE, re.MULTILINE):
        error = "" if word == "none" else word
        refused = refusal.TokenRefused("Words.", code=code, error=error)  # type: ignore[arg-type]
        assert refused.http_status == int(status), code


def test_the_keys_it_names_exist() -> None:
    named = set(re.findall(r"`(api\.[a-z_]+)`", GUIDE))
    assert named <= set(KEY_BY_NAME)
