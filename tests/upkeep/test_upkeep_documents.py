"""docs/reference/json.md says what the documents about the ledger hold; and what has no ledger is not called whole."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.terminal import json_words_upkeep as words

KINDS: dict[str, Any] = {
    "text": str, "number": int, "true or false": bool, "list": list, "list of text": list, "list of account": list,
    "object": dict,
    "null": type(None),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+03:00")


def fits(document: dict[str, Any], fields: dict[str, tuple[str, str]]) -> None:
    """The fields that are written down, in their order, each of its kind."""
    assert list(document) == list(fields)
    for name, (kind, _) in fields.items():
        value = document[name]
        kinds = [kind] if kind in KINDS else kind.split(" or ")
        assert any(
            isinstance(value, str) and MOMENT.fullmatch(value) if k == "time" else isinstance(value, KINDS[k])
            for k in kinds
        ), (name, kind, value)


def test_every_document_about_the_ledger_has_the_fields_that_are_written_down(busy: Any, tmp_path: Path) -> None:
    fits(busy.json("audit", "head"), words.HEAD_FIELDS)
    fits(busy.json("doctor"), words.DOCTOR_FIELDS)
    fits(busy.json("backup", str(tmp_path / "shop.db")), words.BACKUP_FIELDS)
    fits(busy.json("erase", "254700001032", "--dry-run"), words.ERASE_FIELDS)
    fits(busy.json("erase", "254700001032", "--yes"), words.ERASE_FIELDS)
    busy.tamper("UPDATE journal SET at_us = 1 WHERE seq = 7")
    fits(busy.json("audit", "verify"), words.AUDIT_FIELDS)
    home = {"MPESA_HOME": str(tmp_path / "elsewhere")}
    restored = busy.run("restore", str(tmp_path / "shop.db"), "--json", env=home)
    fits(json.loads(restored.stdout), words.RESTORE_FIELDS)
    fits(busy.json("balance"), words.BALANCE_FIELDS)
    fits(busy.json("qr", "150"), words.QR_FIELDS)
    fits(busy.json("pull-register", "--nominated", "254708374149"), words.PULL_FIELDS)
    accept = ("reconcile", "--accept", "reversed-" + busy.json("status", "1")["receipt"], "--by", "Asha")
    fits(busy.json(*accept, "--reason", "goods are back"), words.ACCEPT_FIELDS)


@pytest.mark.parametrize(
    "argv", [("audit", "verify"), ("audit", "head"), ("backup", "FILE"), ("erase", "0712345678", "--yes")]
)
def test_where_no_ledger_is_none_is_made_proven_or_copied(shop: Any, tmp_path: Path, argv: tuple[str, ...]) -> None:
    copy = tmp_path / "copy.db"
    refused = shop.run(*[word.replace("FILE", str(copy)) for word in argv], "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (10, "no-ledger")
    assert not shop.path.exists()
    assert not copy.exists()
