"""Neither a token nor the secret it is signed with is ever in an output, an error, the ledger or any other file."""

import json
import re

import pytest
from token_parts import SECRET, Desk, forged, hs256, refusal

from mpesa_cli.api.ports import token_rules
from mpesa_cli.floor.secret import Secret
from mpesa_cli.settings.secret_sources import Found

HEX_64 = re.compile(r"[0-9a-f]{64}")


def in_files(desk: Desk, needle: str) -> list[str]:
    return [str(path) for path in desk.home.rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]


def test_a_token_is_on_stdout_once_and_nowhere_else(desk: Desk) -> None:
    result = desk.run("token", "issue", "--scope", "payments:read", "--name", "shop")
    text = result.stdout.strip()
    signature = text.rpartition(".")[2]
    desk.checker()(text)
    jti = json.loads(desk.run("token", "list", "--json").stdout)[0]["jti"]
    said = [result.stderr]
    for argv in (["token", "list"], ["token", "list", "--json"], ["token", "revoke", jti], ["config", "show"],
                 ["secrets", "list"], ["history"]):
        done = desk.run(*argv)
        said += [done.stdout, done.stderr]
    assert [each for each in said if signature in each or SECRET in each] == []
    assert in_files(desk, signature) == in_files(desk, SECRET) == in_files(desk, text.split(".")[1]) == []


def test_no_refusal_repeats_what_was_shown(desk: Desk) -> None:
    made = desk.issued(ttl="1m")
    check = desk.checker()
    desk.clock.advance(600)
    never_issued = forged({"alg": "HS256", "typ": "at+jwt"}, desk.claims(), hs256(SECRET))
    for text in (made["token"], made["token"] + "x", never_issued):
        refused = refusal(check, text)
        shown = f"{refused!r} {refused} {refused.hint} {refused.challenge} {refused.__cause__!r}"
        assert not any(part in shown for part in text.split("."))
        assert refused.__suppress_context__ or refused.__context__ is None


def test_rules_and_keys_print_without_the_secret(desk: Desk) -> None:
    runtime = desk.runtime()
    rules = token_rules(runtime, runtime.profile())
    assert SECRET not in repr(rules) + repr(rules.keys()) + repr(rules.keys().keys[0].material)
    assert SECRET not in repr(Found(Secret(SECRET), "here"))


def test_a_secret_is_made_once_is_strong_and_is_never_shown(desk: Desk) -> None:
    desk.environ = {}
    made = desk.run("secrets", "set", "api-secret", "--generate", "--store", "file")
    assert made.status == 0, made
    (path,) = (desk.home / "config" / "secrets").rglob("api-secret")
    secret = path.read_text().strip()
    assert HEX_64.fullmatch(secret)
    assert path.stat().st_mode & 0o077 == 0
    assert secret not in made.stdout + made.stderr
    assert "mpesa token issue" in made.stderr
    assert desk.checker()(desk.token()).name == "shop"
    again = desk.run("secrets", "set", "api-secret", "--generate", "--store", "file", "--json")
    assert (again.status, json.loads(again.stdout)["error"]["code"]) == (9, "secret-exists")
    assert path.read_text().strip() == secret


def test_a_webhook_secret_is_made_in_the_form_that_receivers_take(desk: Desk) -> None:
    from mpesa_cli.listener.forwarding.webhook import signing_key

    assert desk.run("secrets", "set", "webhook-secret", "--generate", "--store", "file").status == 0
    (path,) = (desk.home / "config" / "secrets").rglob("webhook-secret")
    assert len(signing_key(Secret(path.read_text().strip()))) == 32


@pytest.mark.parametrize("name", ["sms-api-key", "c2b-secret"])
def test_a_secret_that_others_give_is_not_made_up(desk: Desk, name: str) -> None:
    result = desk.run("secrets", "set", name, "--generate", "--store", "file", "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "cannot-generate")
    assert list((desk.home / "config").rglob(name)) == []


def test_a_secret_is_read_or_made_and_not_both(desk: Desk) -> None:
    result = desk.run("secrets", "set", "api-secret", "--generate", "--stdin", "--json", stdin=SECRET)
    assert json.loads(result.stdout)["error"]["code"] == "cannot-generate"
