"""What holds for every command: who prints, who asks before real money, and which options go together."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.cli.together import RULES, Rule
from mpesa_cli.cli.tree import ENTRIES

COMMANDS = Path(__file__).resolve().parents[2] / "mpesa_cli" / "cli"
ARGUMENTS = {"verify": ("UKO4Q7WX2B",)}
VALUES = {"--format": "pdf", "--max-attempts": "2", "--statement": "statement.csv"}


def saying(pattern: str) -> set[str]:
    """The modules of commands in which this is said."""
    return {
        str(path.relative_to(COMMANDS)) for path in COMMANDS.rglob("*.py")
        if re.search(pattern, path.read_text("utf-8"))
    }


def test_one_place_prints_what_a_command_came_to_and_none_exits_by_itself() -> None:
    lists = {"history/summary.py"}
    assert saying(r"\bprint_(json|table)\b") == {"result.py"} | lists
    assert saying(r"\btyper\.Exit\b") == {"app.py"}  # --version


def test_the_question_before_real_money_stands_once() -> None:
    assert saying(r'environ\.get\("MPESA_YES"\)|"needs-yes"') == {"consent/confirm.py"}


def names_of(command: str) -> dict[str, Any]:
    """The options of a command by their flags, and its arguments as they are written in a rule."""
    params = ENTRIES[command].build(command).params
    return {name if name.startswith("-") else name.upper(): each for each in params for name in each.opts}


@pytest.mark.parametrize("command", list(RULES))
def test_a_rule_names_options_that_its_command_has(command: str) -> None:
    named = {name for rule in RULES[command] for name in (rule.option, *rule.refuses, *rule.needs) if name}
    assert named - set(names_of(command)) == set()


def breaking() -> Iterator[tuple[str, Rule, tuple[str, ...]]]:
    """Every rule, with options that break it."""
    for command, rules in RULES.items():
        for rule in rules:
            own = (rule.option,) if rule.option else ()
            for other in rule.refuses:
                yield command, rule, (*own, other)
            if rule.needs:
                yield command, rule, own


@pytest.mark.parametrize(("command", "rule", "given"), list(breaking()))
def test_what_does_not_go_together_is_refused_and_nothing_is_done(
    mpesa: Callable[..., Any], home: Path, command: str, rule: Rule, given: tuple[str, ...]
) -> None:
    params = names_of(command)
    typed = list(ARGUMENTS.get(command, ()))
    for name in given:
        flag = [name] if name.startswith("-") else []
        typed += flag if getattr(params[name], "is_flag", False) else [*flag, VALUES.get(name, "1042")]
    done = mpesa(command, *typed)
    assert done.status == 2
    said = [each.words.partition("{")[0] for each in RULES[command]]
    assert any(words in done.stderr for words in said), (rule, done.stderr)
    assert not list(home.rglob("*.db"))


def lacking() -> Iterator[tuple[str, list[str]]]:
    """Every command that can't do without several options or arguments, and what a usage error calls each."""
    yield "push", ["Missing argument 'PHONE'", "Missing argument 'AMOUNT'"]
    for name, entry in ENTRIES.items():
        built = entry.build(name)
        members = {f"{name} {each}": member for each, member in getattr(built, "commands", {}).items()}
        for path, command in {name: built, **members}.items():
            needed = [(each.param_type_name, each) for each in command.params if each.required]
            called = [f"{kind} '{p.opts[0] if kind == 'option' else p.make_metavar(None)}'" for kind, p in needed]
            if len(called) > 1:
                yield path, [f"Missing {each}" for each in called]


@pytest.mark.parametrize(("command", "words"), list(lacking()))
def test_all_that_a_command_lacks_is_named_at_once(
    mpesa: Callable[..., Any], command: str, words: list[str]
) -> None:
    done = mpesa(*command.split())
    assert (done.status, [each for each in words if each not in done.stderr]) == (2, [])
