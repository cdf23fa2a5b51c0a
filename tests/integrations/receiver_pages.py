"""What a page of receivers tells to type is typed, in one shell, on ports that are free. Not a test."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "tests" / "project"))

import httpx
from console_blocks import blocks, missing, on_screen

from mpesa_cli.floor.secret import Secret
from mpesa_cli.listener.checking.deliveries import Post, body_of
from mpesa_cli.listener.forwarding.webhook import signed_headers, signing_key

SECRET = "whsec_" + "c2VjcmV0IG9mIGNoZWNrcywgMzIgYnl0ZXMgbG9uZyE="
REAL_SECRET = "whsec_" + "c2VjcmV0IG9mIHJlYWwgb25lcywgMzIgYnl0ZXMgbG8="
SECRETS = {"MPESA_CHECK_SECRET": SECRET, "MPESA_WEBHOOK_SECRET": REAL_SECRET}
STARTED_WITHIN_S = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def program_path(folder: Path) -> str:
    """A PATH on which ``mpesa`` is this tree's, in a folder of its own."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    script = programs / "mpesa"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m mpesa_cli "$@"\n')
    script.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


def typed(page: Path, clone: Path, home: Path, port: int) -> tuple[list[tuple[tuple[str, ...], list[str]]], float]:
    """Each command's shown lines beside what was seen, and the seconds that all of the page took.

    Port 3000 becomes a free one, and so does the listener's.
    """
    script, shown, listening = ["set -u"], [], free_port()

    def here(text: str) -> str:
        text = text.replace("127.0.0.1:3000", f"127.0.0.1:{port}").replace("8310", str(listening))
        return text.replace("mpesa listen --forward-to", "mpesa listen --port 0 --forward-to")

    for block in blocks(page.read_text(encoding="utf-8")):
        for number, each in enumerate(block.typed, len(shown)):
            lines = tuple(here(line) for line in each.shown)
            shown.append(lines)
            command = here(each.command)
            script.append(f"printf '\\036{number}\\036'")
            if command.endswith("&"):
                up = shlex.quote(next((line for line in reversed(lines) if line != "…"), ""))
                script += [f"{command[:-1]} >started.{number} 2>&1 &",
                           f"until grep -qF -- {up} started.{number}; do sleep 0.2; kill -0 $! || break; done",
                           f"cat started.{number}"]
            else:
                script.append(f"{command} 2>&1 || echo \"STATUS $?\"")
    path = program_path(clone.parent)
    environ = {**os.environ, "MPESA_HOME": str(home), "PATH": path, "PORT": str(port), "TERM": "dumb"}
    began = time.monotonic()
    bash = subprocess.Popen(
        ["bash", "-c", "\n".join(script)], cwd=clone, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )
    try:
        printed, said = bash.communicate(timeout=900)
    finally:
        with suppress(ProcessLookupError):  # the page's kill ends npm, and not what npm started
            os.killpg(bash.pid, signal.SIGKILL)
    took = time.monotonic() - began
    parts = printed.split("\x1e")[1:]
    seen = [on_screen(part) for part in parts[1::2]]
    assert len(seen) == len(shown), printed + said
    return list(zip(shown, seen, strict=True)), took


def not_as_shown(page: list[tuple[tuple[str, ...], list[str]]]) -> list[tuple[str, list[str]]]:
    """The shown lines that were not seen, with what was; and commands that failed."""
    gaps = [(gap, seen) for shown, seen in page if (gap := missing(shown, seen))]
    return gaps + [("a status of 0", seen) for _, seen in page if any(line.startswith("STATUS ") for line in seen)]


@contextmanager
def started(
    command: list[str], folder: Path, environ: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on its port; killed at the end, with what it started."""
    log = Path(tempfile.mkstemp(prefix="receiver-", suffix=".log")[1])
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environ}, stdout=out, stderr=out, start_new_session=True
        )
    try:
        until = time.monotonic() + STARTED_WITHIN_S
        while not _answers(port):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.1)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        log.unlink()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def checked(cli: Any, url: str) -> dict[str, dict[str, Any]]:
    """Every delivery's verdict, by its name."""
    done = cli("trigger", "--check", url, "--json", env={"MPESA_CHECK_SECRET": SECRET}, timeout_s=180)
    assert done.status in {0, 7}, done
    return {row["name"]: row for row in json.loads(done.stdout)}


def of_another_environment(url: str) -> dict[str, int]:
    """The answers to events that are signed, and tell of money that is none: from the simulator, or with its secret."""
    told = {
        "the simulator's, for an order of the shop": ("simulator", "1042", SECRET),
        "with the simulator's secret, of real money": ("production", "CHECK-forged", SECRET),
        "the simulator's, with the secret of real ones": ("simulator", "CHECK-forged", REAL_SECRET),
    }
    answers = {}
    for story, (environment, order, secret) in told.items():
        now_us = time.time_ns() // 1000
        event = json.loads(body_of(Post(), order, now_us))
        event["data"]["environment"] = environment
        body = json.dumps(event).encode()
        headers = signed_headers(signing_key(Secret(secret)), f"evt_{order}_{environment}", now_us, body)
        answers[story] = httpx.post(url, content=body, headers=headers, trust_env=False).status_code
    return answers


def wrong(rows: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Why each delivery that is not right is not."""
    return {name: row["why"] for name, row in rows.items() if not row["ok"]}
