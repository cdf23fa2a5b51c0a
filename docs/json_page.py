"""docs/reference/json.md: what generate.py writes about the documents that ``--json`` prints."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from mpesa_cli.floor import errors

HEADINGS = ["field", "kind", "means"]
INTRODUCTION = """\
With `--json` a command prints exactly one document on stdout: an object, or an array where it lists things.
On failure too: then it is an object with the one field `error`. The exit status says the same
(docs/reference/exit-statuses.md). Fields may be added in later versions; those that are here keep their names and
meanings.

Amounts are numbers in shillings: whole where only whole shillings can be asked for, with cents where a customer
paid them by hand. Times are RFC 3339 with their offset, in Nairobi's time. Codes and phone numbers are text: some
codes are no numbers. Nothing in these documents is a secret, but phone numbers are whole: mind where you keep them."""
EXAMPLES = """\
```sh
mpesa push 254708374149 100 --order demo-1 --json | jq -r .receipt
mpesa status demo-1 --json | jq -r '.attempts[] | [.attempt, .state, .result_code] | @tsv'
mpesa push 254708374149 100 --order demo-1 --json | jq -r 'if .error then .error.code else .status end'
```"""


def field_rows(fields: dict[str, tuple[str, str]]) -> list[list[str]]:
    """A table's rows for the fields of one document."""
    return [[f"`{name}`", kind, meaning] for name, (kind, meaning) in fields.items()]


def code_rows(package: Path) -> list[list[str]]:
    """Every code that an error of ours can carry, with the exit statuses it comes with."""
    found: dict[str, set[int]] = {}
    for path in sorted(package.rglob("*.py")):
        for name, code in _codes_in(ast.parse(path.read_text(encoding="utf-8"))):
            kind = getattr(errors, name, None)
            if kind is not None:
                found.setdefault(code, set()).add(int(kind.exit_status))
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.MpesaError) and kind is not errors.MpesaError:
            found.setdefault(kind.code, set()).add(int(kind.exit_status))
    found["usage"], found["bug"] = {2}, {1}
    return [[f"`{code}`", ", ".join(map(str, sorted(statuses)))] for code, statuses in sorted(found.items())]


def _codes_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for keyword in node.keywords:
                if keyword.arg == "code":
                    yield from ((node.func.id, code) for code in _texts(keyword.value))


def _texts(value: ast.expr) -> Iterable[str]:
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body), *_texts(value.orelse)]
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []

