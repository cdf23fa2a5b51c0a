"""The receivers of integrations/ and of the recipes are run in their own languages, from their READMEs."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN_HOME = os.environ.get("HOME", "")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A clone of the repository with nothing in it but what is written: what somebody who begins has."""
    clone = tmp_path / "clone"
    clone.mkdir()
    left = shutil.ignore_patterns("node_modules", "dist", "data", "__pycache__")
    shutil.copytree(ROOT / "integrations", clone / "integrations", ignore=left)
    shutil.copytree(ROOT / "docs", clone / "docs", ignore=left)
    return clone


@pytest.fixture(autouse=True)
def _own_npm(monkeypatch: pytest.MonkeyPatch, _clean_environment: None) -> None:
    """How this machine reaches npm's packages stands in the user's own folder. mpesa's has another name."""
    monkeypatch.setenv("HOME", OWN_HOME)
