"""What is installed is what was tried: every release has its hashes, and known faults stop a build."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKED_EXTRAS = set(PROJECT["project"]["optional-dependencies"]) - {"test"}
LISTS = {
    "requirements.lock": [
        *PROJECT["project"]["dependencies"],
        *(each for extra in LOCKED_EXTRAS for each in PROJECT["project"]["optional-dependencies"][extra]),
    ],
    "requirements-build.lock": PROJECT["build-system"]["requires"],
}
ENTRY = re.compile(r"([a-z0-9.-]+)==(\S+)(?: ; [^\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_releases_with_their_hashes_and_no_place_to_fetch_them_from(name: str) -> None:
    assert ENTRY.sub("", (ROOT / name).read_text("utf-8")) == ""


@pytest.mark.parametrize("name", LISTS)
def test_what_the_program_needs_is_in_the_list_in_a_release_that_fits(name: str) -> None:
    locked = {each[1]: each[2] for each in ENTRY.finditer((ROOT / name).read_text("utf-8"))}
    wanted = [Requirement(each) for each in LISTS[name]]
    missing = [
        str(each) for each in wanted if not each.specifier.contains(locked.get(canonicalize_name(each.name), "0"))
    ]
    assert missing == [], "write it: .ci/lock"


def test_what_can_be_installed_beside_the_program_is_locked_too() -> None:
    script = (ROOT / ".ci" / "lock").read_text("utf-8")
    assert set(re.findall(r"--extra (\w+)", script)) == LOCKED_EXTRAS


def advised(*found: dict[str, object]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "advisories.py")], input=json.dumps({"dependencies": found}),
        capture_output=True, text=True, check=False,
    )


def fault(*fixes: str) -> dict[str, object]:
    return {"name": "h11", "version": "0.14", "vulns": [{"id": "CVE-2025-43859", "fix_versions": fixes}]}


SOUND = {"name": "rich", "version": "15.0.0", "vulns": []}
SKIPPED = {"name": "httpx", "skip_reason": "Dependency not found"}


def test_a_known_fault_that_a_newer_release_mends_stops_the_build() -> None:
    done = advised(SOUND, fault("0.16"))
    assert (done.returncode, "h11 0.14 has CVE-2025-43859; mended in 0.16" in done.stdout) == (1, True)


def test_a_known_fault_that_nothing_mends_is_said() -> None:
    done = advised(SOUND, fault())
    assert (done.returncode, "no release mends it yet" in done.stdout) == (0, True)


def test_a_database_that_cannot_be_reached_is_not_taken_for_a_clean_bill() -> None:
    for found in ((SKIPPED,), (SKIPPED, SKIPPED), ()):
        done = advised(*found)
        assert (done.returncode, done.stdout.startswith("WARNING: advisories were not looked up")) == (0, True)
    assert "no advisories are known for: httpx" in advised(SOUND, SKIPPED).stdout
