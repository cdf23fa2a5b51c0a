"""The check of the browsers that may see the owner's page, recomputed from the journal, as that of tokens."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads


class _Viewer(NamedTuple):
    """One browser, as journal and table must tell of it alike."""

    name: str
    made_us: int
    code_until_us: int
    cookie_sha256: str | None = None
    paired_us: int | None = None
    until_us: int | None = None
    revoked_us: int | None = None


_TOLD = (
    "SELECT kind, at_us, facts FROM journal WHERE payment_id='' AND kind IN "
    "('viewer_expected', 'viewer_paired', 'viewer_revoked') ORDER BY seq"
)


def viewer_flaws(ledger: Reads) -> Iterator[Flaw]:
    """The flaws of browsers whose row differs from the journal. Flaws of the journal are the chain's."""
    told = _as_told(ledger)
    rows: list[Any] = ledger.rows(f"SELECT viewer_id, {', '.join(_Viewer._fields)} FROM viewers")
    stored = {viewer_id: _Viewer(*row) for viewer_id, *row in rows}
    for viewer_id in sorted(told.keys() | stored.keys()):
        if told.get(viewer_id) == stored.get(viewer_id):
            continue
        if viewer_id not in stored:
            yield Flaw(0, f"the owner's browser {viewer_id} is missing, and the journal knows it")
        elif viewer_id not in told:
            yield Flaw(0, f"the owner's browser {viewer_id} is known, and the journal does not say that it was paired")
        elif told[viewer_id].revoked_us != stored[viewer_id].revoked_us:
            yield Flaw(0, f"the owner's browser {viewer_id} is not revoked as the journal says")
        else:
            yield Flaw(0, f"the owner's browser {viewer_id} is not what was paired")


def _as_told(ledger: Reads) -> dict[str, _Viewer]:
    told: dict[str, _Viewer] = {}
    for kind, at, text in ledger.rows(_TOLD):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            facts, at_us = json.loads(str(text)), int(str(at))
            viewer_id = str(facts["viewer"])
            if kind == "viewer_expected":
                told[viewer_id] = _Viewer(facts["name"], at_us, facts["until_us"])
            elif kind == "viewer_paired":
                told[viewer_id] = told[viewer_id]._replace(
                    cookie_sha256=facts["cookie_sha256"], paired_us=at_us, until_us=facts["until_us"]
                )
            else:
                told[viewer_id] = told[viewer_id]._replace(revoked_us=at_us)
    return told
