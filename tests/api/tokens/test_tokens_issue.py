"""Tokens are made, listed and revoked by commands; each is told once, and the ledger knows it before that."""

import json
import re

import jwt
import pytest
from raw_ledger import taken
from token_parts import SECRET, Desk, journal_kinds, ledger_file, rsa_key

from mpesa_cli.ledger.audit.ledger import flaws

DAY_US = 86_400_000_000


def test_stdout_holds_the_token_and_nothing_else(desk: Desk) -> None:
    result = desk.run("token", "issue", "--scope", "payments:write", "--ttl", "30d", "--name", "shop")
    assert result.status == 0
    assert result.stdout.count("\n") == 1
    assert result.stdout.strip().count(".") == 2
    assert result.stdout.strip() not in result.stderr
    assert "mpesa token revoke TOK-" in result.stderr
    assert desk.checker()(result.stdout.strip()).scopes == {"payments:write"}


def test_what_is_issued_is_taken_by_the_checker_and_by_pyjwt(desk: Desk) -> None:
    made = desk.issued()
    bearer = desk.checker()(made["token"])
    assert (bearer.jti, bearer.name, bearer.subject) == (made["jti"], "shop", "shop")
    assert bearer.scopes == set(made["scopes"]) == {"payments:read", "payments:write"}
    assert bearer.expires_us == desk.clock.now + 30 * DAY_US
    claims = jwt.decode(
        made["token"], SECRET, algorithms=["HS256"], audience="mpesa", issuer="mpesa-cli/simulator",
        options={"require": ["exp", "jti", "aud", "iss", "nbf", "iat"], "verify_exp": False, "verify_nbf": False,
                 "verify_iat": False},
    )
    assert claims["jti"] == made["jti"]
    assert jwt.get_unverified_header(made["token"]) == {"alg": "HS256", "typ": "at+jwt"}


@pytest.mark.parametrize(
    ("ttl", "lives_us"),
    [("1m", 60_000_000), ("15m", 900_000_000), ("12h", DAY_US // 2), ("30d", 30 * DAY_US), ("366d", 366 * DAY_US),
     ("8784h", 366 * DAY_US)],
)
def test_a_token_lives_as_long_as_was_asked(desk: Desk, ttl: str, lives_us: int) -> None:
    assert desk.checker()(desk.token(ttl=ttl)).expires_us == desk.clock.now + lives_us


@pytest.mark.parametrize(
    "ttl", ["", "0d", "0", "30", "d", "30 d", "-1d", "1.5h", "367d", "9999999d", "30D", "1w", "30d ago", "٣d", "1s"]
)
def test_a_lifetime_that_can_not_be_read_makes_no_token(desk: Desk, ttl: str) -> None:
    result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop", "--ttl", ttl, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-ttl")
    assert list(desk.home.rglob("*.db")) == []


@pytest.mark.parametrize("scope", ["", "payments", "payments:delete", "*", "admin", "payments:read payments:write"])
def test_only_scopes_that_exist_are_given(desk: Desk, scope: str) -> None:
    result = desk.run("token", "issue", "--scope", scope, "--name", "shop", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "unknown-scope")


@pytest.mark.parametrize("name", ["", " ", "-shop", "a" * 41, "shöp", "a b", "a\nb", '"'])
def test_a_name_is_a_word(desk: Desk, name: str) -> None:
    result = desk.run("token", "issue", "--scope", "payments:read", f"--name={name}", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-token-name")


@pytest.mark.parametrize("missing", [["--name", "shop"], ["--scope", "payments:read"]])
def test_a_scope_and_a_name_must_be_said(desk: Desk, missing: list[str]) -> None:
    assert desk.run("token", "issue", *missing).status == 2


def test_the_list_tells_what_each_token_is_worth(desk: Desk) -> None:
    short, revoked = desk.issued(ttl="15m", name="till"), desk.issued(name="old")
    desk.clock.advance(1000)
    good = desk.issued("payments:read", name="web")
    desk.run("token", "revoke", revoked["jti"])
    listed = {row["name"]: row for row in json.loads(desk.run("token", "list", "--json").stdout)}
    standings = [listed[name]["standing"] for name in ("till", "old", "web")]
    assert standings == ["expired", "revoked", "valid"]
    assert listed["web"] == {key: value for key, value in good.items() if key != "token"}
    assert listed["till"]["jti"] == short["jti"]
    newest, *_ = desk.run("token", "list").stdout.splitlines()
    assert newest.split("\t")[1:4] == ["web", "payments:read", "valid"]


def test_the_list_fits_a_narrow_terminal(desk: Desk) -> None:
    desk.issued("payments:read", "payments:write", ttl="30d", name="web-shop")
    shown = desk.run("token", "list", tty=True, columns="80").stdout
    assert re.search(r"\d{1,2} \w{3} \d{4} \d\d:\d\d", shown), shown


def test_an_empty_list_is_an_empty_document(desk: Desk) -> None:
    assert json.loads(desk.run("token", "list", "--json").stdout) == []
    assert "mpesa token issue" in desk.run("token", "list").stderr


def test_making_and_revoking_are_in_the_journal_and_the_chain_holds(desk: Desk) -> None:
    made = desk.issued("payments:read")
    desk.run("token", "revoke", made["jti"])
    (issued, facts), (revoked, named) = journal_kinds(desk)
    assert (issued, revoked) == ("token_issued", "token_revoked")
    assert facts == {
        "jti": made["jti"], "name": "shop", "scopes": ["payments:read"], "issued_us": desk.clock.now,
        "expires_us": desk.clock.now + 30 * DAY_US,
    }
    assert named == {"jti": made["jti"], "name": "shop"}
    runtime = desk.runtime()
    assert list(flaws(runtime.ledger(runtime.profile()))) == []


def test_a_token_is_in_the_ledger_before_it_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies before the print leaves an id that nobody holds; never the other way round."""
    from mpesa_cli.terminal.streams import Streams

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Streams, "out", killed)
    result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop")
    assert (result.status, result.stdout) == (130, "")
    assert [kind for kind, _ in journal_kinds(desk)] == ["token_issued"]


def test_no_token_is_told_that_the_ledger_could_not_keep(desk: Desk) -> None:
    from mpesa_cli.ledger.ledger import Ledger

    desk.issued()
    path = ledger_file(desk)
    with taken(path), pytest.MonkeyPatch.context() as patched:
        patched.setitem(Ledger.__init__.__kwdefaults__, "busy_timeout_s", 0.05)
        result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop", "--json")
    assert result.status == 5, result
    assert "token" not in json.loads(result.stdout)


def test_two_tokens_are_never_alike(desk: Desk) -> None:
    made = [desk.issued() for _ in range(5)]
    assert len({one["jti"] for one in made}) == len({one["token"] for one in made}) == 5


def test_an_outside_issuer_makes_its_own_tokens(desk: Desk) -> None:
    desk.outside(rsa_key())
    result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (10, "tokens-issued-elsewhere")
    assert list(desk.home.rglob("*.db")) == []


def test_the_listing_of_tokens_loads_no_cryptography(desk: Desk) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from mpesa_cli.cli.app import main; status = main(['token', 'list', '-q']);"
        "print(status, sorted({'jwt', 'cryptography', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={**desk.environ, "MPESA_HOME": str(desk.home), "PATH": "/usr/bin"},
    )
    assert done.stdout.strip() == "0 []"
