"""Every command that a message, a hint or a page names exists, with the options it names."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from mpesa_cli.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
MENTION = re.compile(r"(?<![\w./@:=-])(?<!-u )(?<!--name )(?<!exec )mpesa ((?:[^\s`'\"()]| (?! |mpesa |\| ))+)")
END = re.compile(r"[.,:;!?…]+$")
OPTION = re.compile(r"--?[A-Za-z][\w-]*")
# Words after which "mpesa" was not a command but the program, in a sentence about it.
PROSE = {"takes", "met", "posts", "is"}
PLACE = "PLACE"  # stands for what a message fills in


@dataclass(frozen=True)
class Command:
    """One command of the tree: its options, and the commands below it."""

    path: str
    options: frozenset[str]
    below: dict[str, "Command"]


def tree(command: Any, path: str) -> Command:
    options = {name for p in command.params for name in (*p.opts, *p.secondary_opts) if name.startswith("-")}
    below = {name: tree(inner, f"{path} {name}") for name, inner in getattr(command, "commands", {}).items()}
    return Command(path, frozenset(options | {"--help", "-h"}), below)


ROOT_COMMAND = tree(typer.main.get_command(app), "mpesa")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a Python file, f-strings with PLACE where something is filled in."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else PLACE for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def mentions(text: str) -> Iterator[str]:
    """What stands behind each ``mpesa``, up to the end of its line, quotation or bracket."""
    for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines():
        yield from (match[1].strip() for match in MENTION.finditer(line))


def wrong(mention: str) -> str | None:
    """Why this is no command line of ours, or None."""
    command, words = ROOT_COMMAND, mention.split(" ")
    if words[0] in PROSE:
        return None
    if words[0] == "--config":
        words = words[2:]
    while words and command.below:
        word = END.sub("", words[0])
        names = word.split("|")
        if word.startswith("-"):
            break
        if word in {"", PLACE, "COMMAND", "[OPTIONS]", "[a-z].*$"}:  # whichever command it is
            return None
        if not set(names) <= set(command.below):
            return f"{command.path} {word}: no such command"
        command, words = command.below[names[0]], words[1:]
    if command.path == "mpesa help":
        return None
    for option in (found[0] for word in words for found in [OPTION.match(word.lstrip("["))] if found):
        if option not in command.options and option not in ROOT_COMMAND.options:
            return f"{command.path} {option}: no such option"
    return None


def places() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "mpesa_cli").rglob("*.py")):
        yield from ((f"{path.relative_to(ROOT)}:{line}", text) for line, text in strings(path))
    patterns = ("*.md", "docs/**/*.md", "docs/**/*.service", "config.example.toml")
    for page in sorted(page for pattern in patterns for page in ROOT.glob(pattern)):
        yield str(page.relative_to(ROOT)), page.read_text(encoding="utf-8").replace("ExecStart=/opt/mpesa-cli/bin/", "")


def test_every_command_that_is_named_exists_with_its_options() -> None:
    found = [(where, mention, wrong(mention)) for where, text in places() for mention in mentions(text)]
    assert len(found) > 150
    assert [f"{where}: {why}  (mpesa {mention})" for where, mention, why in found if why] == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Then run:  mpesa push 0712345678 1500 --order 1042", None),
        ("see: mpesa nosuch", "mpesa nosuch: no such command"),
        ("see: mpesa config nosuch", "mpesa config nosuch: no such command"),
        ("run `mpesa push --nosuch` now", "mpesa push --nosuch: no such option"),
        ("mpesa secrets set|list|delete", None),
        ("mpesa secrets set|nosuch", "mpesa secrets set|nosuch: no such command"),
        ("mpesa push 0712345678 1500 \\\n    --nosuch", "mpesa push --nosuch: no such option"),
        ("mpesa --config FILE config check -P shop.", None),
        ("mpesa takes any credentials", None),
    ],
)
def test_the_reader_of_hints_sees_what_is_wrong(text: str, complaint: str | None) -> None:
    (mention,) = mentions(text)
    assert wrong(mention) == complaint
