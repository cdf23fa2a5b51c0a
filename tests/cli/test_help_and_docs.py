"""Help topics and generated documentation say what the code does, and can't go stale."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.cli.app import app
from mpesa_cli.cli.help_topics import TOPICS
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.rules.codes.lookup import ALL_CODES
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.settings.keys import KEYS
from mpesa_cli.terminal.exit_words import EXIT_WORDS
from mpesa_cli.terminal.state_words import ATTEMPT_WORDS, FLAG_WORDS, LAWS, PAYMENT_WORDS

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]


def test_every_status_state_and_flag_has_its_words() -> None:
    assert list(EXIT_WORDS) == list(ExitStatus)
    assert set(ATTEMPT_WORDS) == set(AttemptState)
    assert set(FLAG_WORDS) == set(Flag)
    assert set(PAYMENT_WORDS) == set(PaymentStatus)
    assert len(LAWS) == 9


def test_the_topic_of_exit_statuses_names_every_status(mpesa: Run) -> None:
    shown = mpesa("help", "exit-status").stdout
    for status, words in EXIT_WORDS.items():
        assert re.search(rf"^ +{int(status)}  {re.escape(words.meaning[:40])}", shown, re.MULTILINE), status


def test_the_topics_are_printed_from_the_tables(mpesa: Run) -> None:
    codes, states, keys = (mpesa("help", t).stdout for t in ("result-codes", "states", "environment"))
    assert all(row.code in codes and row.title[:20] in codes for row in ALL_CODES)
    assert all(each.value in states for each in [*AttemptState, *Flag, *PaymentStatus])
    assert all(variable in keys for key in KEYS for variable in key.variables)
    assert "money_moved" in mpesa("help", "formats").stdout


@pytest.mark.parametrize("topic", [name for name in TOPICS if name != "openapi"])  # that one is for programs
def test_a_topic_fits_a_screen_and_leaves_stderr_alone(mpesa: Run, topic: str) -> None:
    result = mpesa("help", topic)
    assert (result.status, result.stderr) == (0, "")
    assert max(len(line) for line in result.stdout.splitlines()) <= 110
    assert not any(line != line.rstrip() for line in result.stdout.splitlines())


def test_help_alone_is_the_first_page_and_help_push_is_pushs_own(mpesa: Run) -> None:
    assert mpesa("help").stdout.strip() == mpesa("--help").stdout.strip()
    assert mpesa("help", "push").stdout.strip() == mpesa("push", "--help").stdout.strip()
    assert mpesa("help", "config", "show").stdout.strip() == mpesa("config", "show", "--help").stdout.strip()


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["pusj"], "mpesa help push"), (["exit-statuses"], "mpesa help exit-status"),
     (["config", "shw"], "mpesa help config show"), (["zzz"], "Topics: exit-status")],
)
def test_a_topic_that_is_none_is_wrong_usage_and_the_likely_one_is_named(
    mpesa: Run, words: list[str], meant: str
) -> None:
    result = mpesa("help", *words)
    assert result.status == ExitStatus.USAGE
    assert result.stdout == ""
    assert meant in result.stderr


def command_paths() -> set[str]:
    import typer

    def walk(command: Any, path: str) -> set[str]:
        found = {path}
        for name, each in getattr(command, "commands", {}).items():
            found |= walk(each, f"{path} {name}")
        return found

    return walk(typer.main.get_command(app), "mpesa")


def test_every_command_that_the_tables_send_people_to_exists() -> None:
    said = [row.staff for row in ALL_CODES] + [words.then for words in EXIT_WORDS.values()]
    said += [topic() for name, topic in TOPICS.items() if name != "environment"]  # its words are settings'
    paths = command_paths()
    for text in said:
        for name in re.findall(r"\bmpesa ((?:[a-z][a-z0-9-]+)(?: (?:show|check|path|set|list|delete|serve)\b)?)", text):
            assert f"mpesa {name}" in paths or f"mpesa {name.split()[0]}" in paths, name


def test_the_generated_documentation_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_page_is_named(tmp_path: Path) -> None:
    import shutil

    for name in ("docs", "mpesa_cli"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)  # the version in it stands in the OpenAPI document
    page = tmp_path / "docs" / "reference" / "states.md"
    page.write_text(page.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
    readme = tmp_path / "README.md"
    readme.write_text("# x\n<!-- exit-statuses -->\nold\n<!-- exit-statuses -->\nafter\n", encoding="utf-8")
    generate = [sys.executable, str(tmp_path / "docs" / "generate.py")]
    done = subprocess.run([*generate, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stale: docs/reference/states.md" in done.stderr
    assert "stale: README.md" in done.stderr
    subprocess.run(generate, capture_output=True, check=True)
    assert subprocess.run([*generate, "--check"], capture_output=True, check=False).returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert "| 6 | The outcome is not known" in text
    assert text.endswith("<!-- exit-statuses -->\nafter\n")


def test_every_assumption_that_the_code_names_is_written_down() -> None:
    written = (ROOT / "docs" / "reference" / "assumptions.md").read_text(encoding="utf-8")
    entries = re.findall(r"^### (A\d+) · ", written, re.MULTILINE)
    assert len(entries) == len(set(entries)) >= 20
    named = set()
    for path in (ROOT / "mpesa_cli").rglob("*.py"):
        named |= set(re.findall(r"assumptions(?:\.md)?,? (A\d+)", path.read_text(encoding="utf-8")))
    assert named
    assert named <= set(entries)
    for section in re.split(r"^### ", written, flags=re.MULTILINE)[1:]:
        for part in ("- Evidence:", "- If wrong", "- Check"):
            assert part in section, section[:60]
