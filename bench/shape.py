"""The shape of the code in figures: files, lines, folders, functions, classes, imports within and across packages.

    python bench/shape.py [TREE ...]

Each TREE is a clone of this repository at some commit (the default is this one), so that two can be compared. A class's
depth counts the program's own classes, errors excepted. An import counts once for each pair of modules, those for
types and those inside functions too; "across" is from one top-level package to another beside or below it.
"""

import ast
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

from timing import ROOT

SAFETY = {  # what keeps money and secrets safe, by a text that every copy of it has
    "flock": r"\bflock\(",
    "replace of a whole file": r"os\.replace\(|\.replace\((?:self\.)?_?(?:path|target|file)\b",
    "is-loopback": r"\bip_address\((?s:.*)\.is_loopback\b|\.is_loopback$(?s:.*)\bip_address\(",
    "address taken apart": r"urlsplit\((?s:.{0,400})\.(?:scheme|username)\b",  # a printer's and the simulator's own too
    "address of a hook made or read": r"[\"']/?hooks/",
    "token to SHA-256": r"sha256\(\w*(?:token|secret)\w*\.encode",
    "gate of one body": r"class _?Gate\b(?s:.{0,200})def __init__\(self, (?:body|\*, needed)",
    "question before real money": r'"needs-yes"|environ\.get\("MPESA_YES"\)',
    "open attempts in SQL": r"FROM attempts WHERE \w*\.?state IN \('|^OPEN_ATTEMPT = ",
    "httpx imported whole": r'^import httpx$|(?:"""|None:)\n +import httpx$',
}


def main() -> int:
    trees = [Path(name) for name in sys.argv[1:]] or [ROOT]
    figures = [shape(tree / "mpesa_cli") for tree in trees]
    width = max(len(name) for name in figures[0])
    for name in figures[0]:
        print(f"{name:<{width}}  " + "  ".join(f"{each[name]!s:>14}" for each in figures))
    return 0


def shape(package: Path) -> dict[str, object]:
    files = {path: path.read_text("utf-8") for path in sorted(package.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in files.items()}
    lines = [text.count("\n") for text in files.values()]
    functions = [
        (node.end_lineno or 0) - node.lineno + 1
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    folders = Counter(path.parent for path in files if path.name != "__init__.py")
    fullest, modules = folders.most_common(1)[0]
    within, across = imports(package, trees)
    return {
        "files": len(files),
        "lines": sum(lines),
        "folders": len(folders),
        "most modules in a folder": f"{modules} ({fullest.relative_to(package.parent).as_posix().split('/', 1)[-1]})",
        "folders with more than 25": sum(count > 25 for count in folders.values()),
        "file, median and longest": f"{statistics.median(lines):.0f}, {max(lines)}",
        "function, median and longest": f"{statistics.median(functions):.0f}, {max(functions)}",
        "deepest class": depth(trees),
        "imports within a package": within,
        "imports across packages": across,
        **{
            f"copies: {name}": sum(bool(re.search(pattern, text, re.MULTILINE)) for text in files.values())
            for name, pattern in SAFETY.items()
        },
    }


def depth(trees: dict[Path, ast.Module]) -> int:
    """Of the deepest class, how many of ours it stands on, itself included."""
    bases: dict[str, list[str]] = {}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names = [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]
                bases.setdefault(node.name, []).extend(name for name in names if name != node.name)

    def deep(name: str, seen: frozenset[str]) -> int:
        if name not in bases or name in seen or name.endswith(("Error", "MpesaError")):
            return 0
        return 1 + max((deep(base, seen | {name}) for base in bases[name]), default=0)

    return max(deep(name, frozenset()) for name in bases if not is_error(name, bases))


def is_error(name: str, bases: dict[str, list[str]]) -> bool:
    above, seen = [name], set()
    while above:
        each = above.pop()
        if each in {"Exception", "BaseException", "MpesaError"}:
            return True
        if each not in seen:
            seen.add(each)
            above += bases.get(each, [])
    return False


def imports(package: Path, trees: dict[Path, ast.Module]) -> tuple[int, int]:
    modules = {".".join(path.relative_to(package).with_suffix("").parts) for path in trees}
    within, across = set(), set()
    for path, tree in trees.items():
        own = ".".join(path.relative_to(package).with_suffix("").parts)
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("mpesa_cli."):
                continue
            base = (node.module or "").removeprefix("mpesa_cli.")
            for alias in node.names:
                other = f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules else base
                same = own.split(".")[0] == other.split(".")[0]
                (within if same else across).add((own, other))
    return len(within), len(across)


if __name__ == "__main__":
    sys.exit(main())
