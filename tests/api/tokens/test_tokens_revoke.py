"""A token that was revoked opens nothing any more, whoever made it and whatever is done to the ledger's file."""

import json
import threading

import pytest
from raw_ledger import changed
from token_parts import Desk, forged, journal_kinds, ledger_file, refusal, rs256, rsa_key

from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.api.tokens.store import TokenWrites
from mpesa_cli.ledger.audit.ledger import flaws


def test_a_revoked_token_opens_nothing_from_the_next_request_on(desk: Desk) -> None:
    made, other = desk.issued(), desk.issued()
    check = desk.checker()
    assert check(made["token"]).jti == made["jti"]
    desk.clock.advance(5)
    result = desk.run("token", "revoke", made["jti"], "--json")
    assert (result.status, json.loads(result.stdout)["standing"]) == (0, "revoked")
    refused = refusal(check, made["token"])
    assert (refused.code, refused.http_status, refused.error) == ("token-revoked", 401, "invalid_token")
    assert check(other["token"]).jti == other["jti"]


def test_once_revoking_has_returned_no_thread_lets_the_token_in(desk: Desk) -> None:
    made, check, accepted_after, refused = desk.issued(), desk.checker(), [], []
    revoked, going = threading.Event(), threading.Barrier(5)

    def knock() -> None:
        going.wait()
        while len(refused) < 20:
            was_revoked = revoked.is_set()
            try:
                check(made["token"])
            except TokenRefused as no:
                refused.append(no.code)
            else:
                accepted_after.append(was_revoked)

    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    going.wait()
    assert desk.run("token", "revoke", made["jti"]).status == 0
    revoked.set()
    for thread in threads:
        thread.join()
    assert not any(accepted_after)
    assert set(refused) == {"token-revoked"}


def test_revoking_twice_is_no_error_and_keeps_the_first_time(desk: Desk) -> None:
    jti = desk.issued()["jti"]
    first = json.loads(desk.run("token", "revoke", jti, "--json").stdout)
    desk.clock.advance(3600)
    second = desk.run("token", "revoke", jti, "--json")
    assert (second.status, json.loads(second.stdout)) == (0, first)
    assert [kind for kind, _ in journal_kinds(desk)].count("token_revoked") == 1


@pytest.mark.parametrize("jti", ["TOK-NOBODY", "'; DROP TABLE api_tokens; --".replace(" ", "_"), "%"])
def test_an_id_that_nobody_has_is_an_error(desk: Desk, jti: str) -> None:
    kept = desk.issued()
    result = desk.run("token", "revoke", jti, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "unknown-token")
    assert desk.checker()(kept["token"]).name == "shop"


@pytest.mark.parametrize("jti", ["", "a b", "a" * 129, "é"])
def test_what_can_not_be_an_id_is_said_to_be_none(desk: Desk, jti: str) -> None:
    result = desk.run("token", "revoke", jti, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "invalid-jti")


def test_an_outside_issuers_token_is_revoked_by_its_id_before_or_after_it_is_seen(desk: Desk) -> None:
    desk.outside(rsa_key())
    text = forged({"alg": "RS256"}, desk.claims(jti="abc/1=="), rs256(rsa_key()))
    check = desk.checker()
    assert check(text).jti == "abc/1=="
    assert desk.run("token", "revoke", "abc/1==").status == 0
    assert refusal(check, text).code == "token-revoked"
    (listed,) = json.loads(desk.run("token", "list", "--json").stdout)
    told = [listed[key] for key in ("jti", "name", "standing", "issued_at")]
    assert told == ["abc/1==", None, "revoked", None]


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        ("UPDATE api_tokens SET revoked_us=NULL WHERE name='old'", "is not revoked as the journal says"),
        ("UPDATE api_tokens SET revoked_us=revoked_us+1 WHERE name='old'", "is not revoked as the journal says"),
        ("DELETE FROM api_tokens WHERE name=''", "is missing"),
        ("UPDATE api_tokens SET scopes='payments:read payments:write' WHERE name='new'", "is not what was issued"),
        ("UPDATE api_tokens SET expires_us=expires_us*2 WHERE name='new'", "is not what was issued"),
        ("INSERT INTO api_tokens VALUES ('TOK-X','x','payments:write',1,2,NULL)", "does not say that it was made"),
    ],
)
def test_a_token_that_was_tampered_with_in_the_ledger_is_found(desk: Desk, tampering: str, says: str) -> None:
    desk.run("token", "revoke", desk.issued("payments:read", name="old")["jti"])
    desk.issued("payments:read", name="new")
    runtime = desk.runtime()
    ledger = runtime.ledger(runtime.profile())
    with ledger.write() as tx:
        TokenWrites(tx).revoke("elsewhere-1", desk.clock.now)
    assert list(flaws(ledger)) == []
    changed(ledger_file(desk), tampering)
    (flaw,) = flaws(ledger)
    assert says in flaw.words
