"""A public docstring begins with a name for the thing, not with a question that the reader has to answer first."""

import ast
import re
from pathlib import Path

import pytest
from test_layout import PACKAGE, public

QUESTION = re.compile(r"(?:What|Which|Who|Whose|Where|When|How)\b")
DONE = [
    "api", "batch", "books", "cli", "daraja", "floor", "held", "history", "initiator", "ledger", "listener",
    "payments", "receipts", "rules", "settings", "simulator", "sms", "terminal", "upkeep",
]


def questions(path: Path) -> list[str]:
    """The public definitions of a file whose docstring begins with a question."""
    documented = ((name, ast.get_docstring(node)) for name, node in public(ast.parse(path.read_text("utf-8"))))
    return [name for name, said in documented if said and QUESTION.match(said)]


@pytest.mark.parametrize("package", DONE)
def test_docstrings_begin_with_the_thing_itself(package: str) -> None:
    files = list((PACKAGE / package).rglob("*.py"))
    assert files
    assert [f"{path.relative_to(PACKAGE)}: {name}" for path in files for name in questions(path)] == []
