"""ARCHITECTURE.md and CONTRIBUTING.md name what exists: every file, and every function with its file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w./*]+\.(?:py|md|toml))(?::([\w.]+))?`")
PAGES = ["ARCHITECTURE.md", "CONTRIBUTING.md"]


def named(page: str) -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / page).read_text("utf-8"))


def found(path: str) -> list[Path]:
    """The files that a page means: below the root or the package; a bare name, wherever it is."""
    below = [folder / path for folder in (ROOT, ROOT / "mpesa_cli")]
    there = [file for file in below if file.is_file()]
    return there or ([] if "/" in path else list((ROOT / "mpesa_cli").rglob(path)))


def definitions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    assert [path for path, _ in named(page) if "*" not in path and not found(path)] == []


def test_every_law_names_a_function_and_a_test_that_exist() -> None:
    pairs = [(path, name) for path, name in named("ARCHITECTURE.md") if name]
    assert len(pairs) > 25
    missing = [(path, name) for path, name in pairs if not any(name in definitions(file) for file in found(path))]
    assert missing == []


def test_every_folder_of_the_package_is_in_the_list_of_packages() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## Packages")[1].split("```")[1]
    folders = {path.parent.name for path in (ROOT / "mpesa_cli").glob("*/__init__.py")}
    assert folders - set(re.findall(r"(\w+)/", text)) == set()
