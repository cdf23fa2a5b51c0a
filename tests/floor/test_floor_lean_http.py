"""The HTTP library has one way in: imported whole it takes twice as long, and brings a command line of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import mpesa_cli

PACKAGE = Path(mpesa_cli.__file__).parent


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that are imported below a node when it runs; what only types need is not imported."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def test_httpx_is_imported_whole_nowhere() -> None:
    files = {path: ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    whole = {path.relative_to(PACKAGE).as_posix() for path, tree in files.items() if "httpx" in imported(tree)}
    assert whole == {"floor/wire/lean_httpx.py"}
