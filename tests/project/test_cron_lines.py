"""The lines for cron that README and docs show run as they stand: found, understood, and silent on a quiet day."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINE = re.compile(r"^(?:[\d*/,-]+ +){5}(\S.*)$", re.MULTILINE)
HEADINGS = "Short Code,174379\n\nReceipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance\n"


def lines() -> list[tuple[str, str]]:
    """Page and command of every crontab line, as cron hands it to its shell."""
    found = [(page.name, command) for page in PAGES for command in LINE.findall(page.read_text(encoding="utf-8"))]
    return [(page, command.replace("\\%", "%")) for page, command in found]


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """The home folder of a user who has the program, a profile, secrets in a file and yesterday's statement."""
    user = tmp_path / "cron"
    tools = user / "tools"
    for name in (".local/bin", ".config/mpesa-cli", "statements", "backup", "tools"):
        (user / name).mkdir(parents=True)
    scripts = {
        user / ".local" / "bin" / "mpesa": f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m mpesa_cli "$@"',
        tools / "mail": "cat > /dev/null", tools / "sleep": "true",
    }
    for path, does in scripts.items():
        path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        path.chmod(0o755)
    (user / "statements" / "yesterday.csv").write_text(HEADINGS, encoding="utf-8")
    profile = '[profile.{name}]\nenvironment = "simulator"\nshortcode = "174379"\n'
    (user / ".config" / "mpesa-cli" / "config.toml").write_text(
        "".join(profile.format(name=name) for name in ("household-planet", "shop")), encoding="utf-8"
    )
    return user


def test_each_line_for_cron_runs_as_it_stands_in_the_environment_of_cron(user: Path) -> None:
    shown = lines()
    assert len(shown) >= 6
    environ = {"HOME": str(user), "LOGNAME": "shop", "SHELL": "/bin/sh", "PATH": f"{user}/tools:/usr/bin:/bin",
               "PYTHONDONTWRITEBYTECODE": "1"}
    for name, phone in (("household-planet", "254708374149"), ("shop", "254712345678")):  # a ledger with a payment
        push = ["push", phone, "10", "--order", "1042", "-P", name, "-q"]
        subprocess.run([user / ".local" / "bin" / "mpesa", *push], env=environ, check=True, stdout=subprocess.DEVNULL)
    for page, command in shown:
        ran = subprocess.run(
            ["/bin/sh", "-c", command], env=environ, cwd=user, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", ""), (page, command)
    assert len(list((user / "backup").iterdir())) == 1


def test_no_other_line_is_taken_for_one_of_cron() -> None:
    assert all("/mpesa " in command for _, command in lines())
    assert os.access("/bin/sh", os.X_OK)
