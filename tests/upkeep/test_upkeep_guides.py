"""The units and pages about what runs by itself: systemd takes them, and their credentials are ours."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.settings.secret_names import SECRET_NAMES

UNITS = Path(__file__).resolve().parents[2] / "docs" / "operate" / "systemd"
SERVICE, TIMER = UNITS / "mpesa-reconcile.service", UNITS / "mpesa-reconcile.timer"
ANALYZE = shutil.which("systemd-analyze")


def values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_systemd_takes_the_timer_and_its_service(tmp_path: Path) -> None:
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in (SERVICE, TIMER):
        text = unit.read_text(encoding="utf-8").replace("/opt/mpesa-cli/bin/mpesa", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", tmp_path / TIMER.name, tmp_path / SERVICE.name], capture_output=True, text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "mpesa-reconcile" in line] == []


def test_the_timer_runs_often_and_not_everywhere_at_once() -> None:
    assert values(TIMER, "OnCalendar") == ["*:0/5"]
    assert int(values(TIMER, "RandomizedDelaySec")[0]) >= 60


def test_the_services_credentials_are_secrets_of_ours() -> None:
    names = {value.split(":")[0] for value in values(SERVICE, "LoadCredential")}
    assert names
    assert names <= {f"mpesa-{name}" for name in SECRET_NAMES}


def test_what_the_next_run_makes_good_is_no_failed_unit() -> None:
    assert values(SERVICE, "SuccessExitStatus") == [str(int(ExitStatus.TEMPORARY))]


def test_the_service_is_as_shut_as_the_listener() -> None:
    listener = (UNITS / "mpesa-listen.service").read_text(encoding="utf-8")
    start, end = "NoNewPrivileges=", "SystemCallErrorNumber=EPERM"
    shut = listener[listener.index(start) : listener.index(end)]
    assert shut in SERVICE.read_text(encoding="utf-8")
