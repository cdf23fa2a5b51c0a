"""Bearer tokens, recomputed from the journal: who clears a revocation in the table opens a door again."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace

from mpesa_cli.api.tokens.values import KnownToken
from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.tokens import COLUMNS, token_from

# Rows about no payment are few, and an index finds them.
_TOLD = (
    "SELECT kind, at_us, facts FROM journal WHERE payment_id='' AND kind IN ('token_issued', 'token_revoked') "
    "ORDER BY seq"
)


def token_flaws(ledger: Reads) -> Iterator[Flaw]:
    """Tokens that the table has otherwise than the journal tells them. Flaws of the journal are the chain's."""
    told = _as_told(ledger)
    stored = {str(row[0]): token_from(row) for row in ledger.rows(f"SELECT {COLUMNS} FROM api_tokens")}  # noqa: S608
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


def _as_told(ledger: Reads) -> dict[str, KnownToken]:
    told: dict[str, KnownToken] = {}
    for kind, at_us, text in ledger.rows(_TOLD):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            facts = json.loads(str(text))
            jti = str(facts["jti"])
            if kind == "token_issued":
                scopes = frozenset(facts["scopes"])
                told[jti] = KnownToken(jti, str(facts["name"]), scopes, facts["issued_us"], facts["expires_us"])
            else:
                known = told.get(jti) or KnownToken(jti, "", frozenset(), None, None)
                told[jti] = replace(known, revoked_us=int(str(at_us)))
    return told
