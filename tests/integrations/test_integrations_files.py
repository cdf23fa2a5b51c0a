"""What is handed out below integrations/ carries no registry's host and no code that speaks to M-PESA itself."""

import json
import re
from pathlib import Path

INTEGRATIONS = Path(__file__).resolve().parents[2] / "integrations"
WRITTEN = {".ts", ".js", ".php", ".json"}


def files() -> list[Path]:
    """Every file that belongs to the project."""
    return [p for p in INTEGRATIONS.rglob("*") if p.suffix in WRITTEN and not {"node_modules", "dist"} & set(p.parts)]


def test_a_lock_names_every_package_by_its_hash_and_no_host_that_it_came_from() -> None:
    lock = json.loads((INTEGRATIONS / "nestjs" / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert len(packages) > 50
    assert [name for name, each in packages.items() if "resolved" in each] == []
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert "registry" not in json.dumps(lock)


def test_nothing_that_a_run_left_behind_is_handed_out() -> None:
    assert [str(p) for p in INTEGRATIONS.rglob("*") if p.suffix in {".log", ".db"} or p.name.startswith("lock-")] == []


def test_a_receiver_asks_mpesa_and_knows_nothing_of_daraja() -> None:
    spoken = re.compile(r"safaricom|stkpush|passkey|lipa na|consumer.?key|/mpesa/express", re.IGNORECASE)
    assert [str(path) for path in files() if spoken.search(path.read_text(encoding="utf-8"))] == []
