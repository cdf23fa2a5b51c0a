"""What code and pages refer to exists: sections of docs/develop/daraja.md, assumptions, laws, pages, links."""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NUMBER = r"[0-9]{1,2}(?:\.[0-9]{1,2})?"
SECTIONS = re.compile(rf"\b(daraja|sms-gateways)\.md (?:sections? )?({NUMBER}(?:(?:,| and| to) {NUMBER})*)")
ENTRIES = re.compile(r"\bassumptions\.md(?: ?\(?)(A[0-9]+(?:(?:,| and| to) A[0-9]+)*)")
LAWS = re.compile(r"\bARCHITECTURE\.md law ([0-9]+)")
PAGES = re.compile(r"(?<![\w./*-])((?:[\w-]+/)*[\w-]+\.md)\b")
LINKS = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
PUBLIC_NAMES = {"README.md"}  # files of this name are spoken of in general


def texts(*suffixes: str) -> Iterator[tuple[Path, str]]:
    """Every text of the project with one of these endings; comments' line breaks don't part a reference."""
    return ((path, text) for path, text in every_text() if path.suffix in suffixes)


@cache
def every_text() -> list[tuple[Path, str]]:
    found = []
    for folder, inside, names in os.walk(ROOT):
        inside[:] = sorted(name for name in inside if name[0] != "." and name not in {"build", "dist", "node_modules"})
        for path in (Path(folder, name) for name in sorted(names)):
            if path.suffix in {".py", ".toml", ".md"} and path.name[0] != ".":
                text = re.sub(r"\n\s*(?:# )?", " ", path.read_text(encoding="utf-8"))
                found.append((path.relative_to(ROOT), text))
    return found


def doc(name: str) -> str:
    """The text of one page of the documentation, in whichever reader's folder it is."""
    (path,) = (ROOT / "docs").glob(f"*/{name}")
    return path.read_text(encoding="utf-8")


def headings(page: str) -> set[str]:
    text = doc(page)
    return set(re.findall(rf"^#{{2,3}} ({NUMBER})\.? ", text, re.MULTILINE))


def cited(pattern: re.Pattern[str], group: int = 1) -> list[tuple[Path, str, str]]:
    """Where something is cited, what of, and each single number."""
    found = []
    for path, text in texts(".py", ".toml", ".md"):
        for match in pattern.finditer(text):
            numbers = re.split(r",? and |, ?| to ", match[group])
            found += [(path, match[1], number) for number in numbers]
    return found


def test_every_cited_section_is_a_heading() -> None:
    sections = cited(SECTIONS, 2)
    there = {page: headings(f"{page}.md") for page in ("daraja", "sms-gateways")}
    assert len(sections) > 40
    assert [(str(p), page, n) for p, page, n in sections if n not in there[page]] == []


def test_every_cited_assumption_is_an_entry() -> None:
    text = doc("assumptions.md")
    entries = set(re.findall(r"^### (A[0-9]+) · ", text, re.MULTILINE))
    found = cited(ENTRIES)
    assert len(found) > 8
    assert [(str(p), n) for p, _, n in found if n not in entries] == []
    of_daraja = re.findall(r"\bA[0-9]+\b", doc("daraja.md"))
    assert set(of_daraja) - entries == set()


def test_no_code_names_assumptions_without_saying_which() -> None:
    bare = re.compile(r"docs/reference/assumptions\.md(?!`?\]?\)?[ (]*A[0-9])")
    own_tests = {"tests"}
    found = [str(p) for p, text in texts(".py") if p.parts[0] not in own_tests and bare.search(text)]
    assert found == []


def test_every_cited_law_is_in_the_table_of_architecture() -> None:
    table = re.findall(r"^\| ([0-9]+)\. ", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    laws = cited(LAWS)
    assert laws
    assert len(table) > 5
    assert {number for _, _, number in laws} <= set(table)


def test_every_open_number_of_assumptions_is_explained() -> None:
    asked = set(re.findall(r"OPEN-[0-9]+", doc("assumptions.md")))
    daraja = doc("daraja.md")
    entries = doc("assumptions.md").partition("## Open questions")
    in_table = set(re.findall(r"^\| (OPEN-[0-9]+) ", daraja, re.MULTILINE))
    assert set(re.findall(r"OPEN-[0-9]+", entries[0])) == in_table
    assert asked - in_table == set(re.findall(r"OPEN-[0-9]+", entries[2]))


def test_every_page_that_code_names_exists() -> None:
    missing = []
    readers = ("", "docs", *(f"docs/{p.name}" for p in (ROOT / "docs").iterdir() if p.is_dir()))
    for path, text in texts(".py", ".toml"):
        if path.parts[0] == "tests":
            continue
        for match in PAGES.finditer(text):
            name = match[1]
            if name not in PUBLIC_NAMES and not any((ROOT / base / name).is_file() for base in readers):
                missing.append(f"{path}: {name}")
    assert missing == []


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p)) for p, _ in texts(".md")])
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    targets = LINKS.findall(text)
    assert [t for t in targets if not (ROOT / path.parent / t).exists()] == []


def test_every_page_is_in_a_readers_folder_and_in_the_index() -> None:
    docs = ROOT / "docs"
    assert [p.name for p in docs.glob("*.md")] == ["README.md"]
    listed = set(LINKS.findall((docs / "README.md").read_text(encoding="utf-8")))
    assert {str(p.relative_to(docs)) for p in docs.glob("*/*.md")} - listed == set()
