"""The first-day pages by doing: every command ends as the page says, and the pictures are of these very runs."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["first-day.md", "first-day-sw.md"])
def test_every_command_of_the_first_day_runs_and_its_pictures_are_of_today(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from first_day_pictures import FOLDER, SHOP, played

    text = (SHOP / page).read_text(encoding="utf-8")
    done = played(text)
    assert [(command, ended) for command, ended, _ in done.commands] == [
        (command, wanted) for command, _, wanted in done.commands
    ]
    assert len(done.commands) == text.count("$ mpesa ")
    assert len(done.pictures) == text.count("](first-day/")
    for name, svg in done.pictures.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == svg, "run: python docs/first_day_pictures.py"


def test_both_pages_run_the_same_commands_in_the_same_order() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        from first_day_pictures import PAGES, SHOP
    finally:
        sys.path.pop(0)
    pages = [(SHOP / page).read_text(encoding="utf-8") for page in PAGES]
    one, other = ([line for line in page.splitlines() if line.startswith("$ ")] for page in pages)
    assert one == other
