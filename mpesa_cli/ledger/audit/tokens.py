"""The check of bearer tokens, recomputed from the journal: a cleared revocation would let a token in again."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads


class _Token(NamedTuple):
    """One token, as journal and table must tell of it alike."""

    name: str
    scopes: frozenset[str]
    issued_us: int | None
    expires_us: int | None
    revoked_us: int | None = None


# Rows about no payment are few, and an index finds them.
_TOLD = (
    "SELECT kind, at_us, facts FROM journal WHERE payment_id='' AND kind IN ('token_issued', 'token_revoked') "
    "ORDER BY seq"
)


def token_flaws(ledger: Reads) -> Iterator[Flaw]:
    """The flaws of tokens whose row differs from the journal. Flaws of the journal are the chain's."""
    told = _as_told(ledger)
    rows: list[Any] = ledger.rows("SELECT jti, name, scopes, issued_us, expires_us, revoked_us FROM api_tokens")
    stored = {jti: _Token(name, frozenset(scopes.split()), *times) for jti, name, scopes, *times in rows}
    for jti in sorted(told.keys() | stored.keys()):
        if told.get(jti) == stored.get(jti):
            continue
        if jti not in stored:
            yield Flaw(0, f"token {jti} is missing, and the journal knows it")
        elif jti not in told:
            yield Flaw(0, f"token {jti} is known, and the journal does not say that it was made or revoked")
        elif told[jti].revoked_us != stored[jti].revoked_us:
            yield Flaw(0, f"token {jti} is not revoked as the journal says")
        else:
            yield Flaw(0, f"token {jti} is not what was issued")


def _as_told(ledger: Reads) -> dict[str, _Token]:
    told: dict[str, _Token] = {}
    for kind, at_us, text in ledger.rows(_TOLD):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            facts = json.loads(str(text))
            jti = str(facts["jti"])
            if kind == "token_issued":
                scopes = frozenset(facts["scopes"])
                told[jti] = _Token(str(facts["name"]), scopes, facts["issued_us"], facts["expires_us"])
            else:
                known = told.get(jti) or _Token("", frozenset(), None, None)
                told[jti] = known._replace(revoked_us=int(str(at_us)))
    return told
