"""The image: what its recipe names is there, its commands work, and it needs neither root nor a disk it can write.

``pytest -m image`` builds and runs it with podman; on a Debian of debootstrap's, where MPESA_IMAGE_BASE names no base.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "tests" / "api"))

from api_bench import served

from mpesa_cli.listener.server.options import ListenerOptions

BASE_GIVEN = os.environ.get("MPESA_IMAGE_BASE", "")  # before the tests' own environment is made
CERTIFICATES = os.environ.get("PIP_CERT", "")


def instructions() -> list[tuple[str, str]]:
    """Every instruction of the recipe, in order, its lines joined."""
    text = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line[:1].isalpha())]


def only(name: str) -> str:
    """The last instruction of that name, which is the one that counts."""
    return [rest for word, rest in instructions() if word == name][-1]


def health_command() -> list[str]:
    return json.loads(only("HEALTHCHECK").partition(" CMD ")[2])


def test_what_is_copied_is_in_the_tree_and_is_not_ignored() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {name for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")
              for name in rest.split()[:-1]}
    assert copied == let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_only_what_is_locked_is_installed() -> None:
    installs = re.findall(r"pip install ([^&]+)", " ".join(rest for word, rest in instructions() if word == "RUN"))
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-deps --no-index" in each for each in installs)


def test_it_is_no_root_and_writes_into_its_volumes_alone() -> None:
    assert only("USER") == "10001:10001"
    volumes, variables = set(json.loads(only("VOLUME"))), dict(re.findall(r"(\w+)=(\S+)", only("ENV")))
    assert volumes == {variables["MPESA_HOME"], variables["HOME"]}


def test_what_it_runs_is_a_command_of_ours(mpesa: Callable[..., Any]) -> None:
    (program,) = json.loads(only("ENTRYPOINT"))
    assert program == "mpesa"
    assert mpesa(*json.loads(only("CMD")), "--help").status == 0
    assert only("EXPOSE") == str(ListenerOptions().port)


def test_the_health_check_says_whether_anybody_listens(home: Path) -> None:
    program, *rest = health_command()
    assert program == "python3"
    with served(home) as listener:
        asked = [each.replace("8310", str(listener.port)) for each in rest]
        assert subprocess.run([sys.executable, *asked], check=False).returncode == 0
    assert subprocess.run([sys.executable, *asked], check=False, stderr=subprocess.DEVNULL).returncode == 1


@dataclass
class Engine:
    """Podman with a store of its own, and the image that it built."""

    options: list[str]
    image: str = "localhost/mpesa"

    def run(self, *words: str, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["podman", *self.options, *words], capture_output=True, text=True, check=False,
                              timeout=timeout_s)

    def within(self, volumes: Path, *words: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """A run of the image as docs/operate/container.md has it, here with no network at all."""
        named = [f"--volume={volumes / name}:{place}" for name, place in
                 (("ledger", "/var/lib/mpesa-cli"), ("note", "/home/mpesa"))]
        return self.run("run", "--pull=never", "--read-only", "--tmpfs=/tmp", "--network=none", "--no-healthcheck",
                        "--ulimit=nofile=1024:1024", "--ulimit=nproc=512:512", *named, *more, self.image, *words)


def debian(folder: Path) -> Path:
    """A Debian with Python, as an archive; skips where it can't be had."""
    root, archive = folder / "debian", folder / "debian.tar"
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", "bookworm", str(root)],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        pytest.skip(f"no Debian can be had here to build on: {done.stdout[-300:]}")
    with tarfile.open(archive, "w") as packed:
        packed.add(root, arcname=".")
    return archive


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    missing = [name for name in ("podman", "runc", "debootstrap") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        pytest.skip(f"the image is not built here: {', '.join(missing) or 'only root can do it'} is missing")
    folder = tmp_path_factory.mktemp("image")
    state = tempfile.mkdtemp(prefix="image-")  # podman takes no path of more than 50 characters
    made = Engine(
        [f"--root={folder / 'store'}", f"--runroot={state}", "--cgroup-manager=cgroupfs", "--runtime=runc"]
    )
    base = BASE_GIVEN
    if not base:
        base = "localhost/base"
        imported = made.run("import", str(debian(folder)), base)
        assert imported.returncode == 0, imported.stderr[-2_000:]
    trusted = (f"--volume={CERTIFICATES}:/trusted.pem:ro", "--env=PIP_CERT=/trusted.pem") if CERTIFICATES else ()
    built = made.run(
        "build", "--isolation=chroot", "--format=docker", f"--build-arg=BASE={base}", *trusted,
        f"--tag={made.image}", f"--file={ROOT / 'Containerfile'}", str(ROOT), timeout_s=900,
    )
    assert built.returncode == 0, (built.stdout + built.stderr)[-3_000:]
    yield made
    made.run("rm", "--all", "--force")
    made.run("rmi", "--all", "--force")
    shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """Two folders of the image's user."""
    for name in ("ledger", "note"):
        (tmp_path / name).mkdir(mode=0o700)
        os.chown(tmp_path / name, 10001, 10001)
    return tmp_path


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_image_takes_a_payment_and_finds_it_again_in_the_volume(engine: Engine, volumes: Path) -> None:
    paid = engine.within(volumes, "push", "254708374149", "100", "--order", "demo-1", "--json")
    assert paid.returncode == 0, paid.stderr[-2_000:]
    assert json.loads(paid.stdout)["status"] == "paid"
    again = engine.within(volumes, "push", "254708374149", "100", "--order", "demo-1")
    assert (again.returncode, "paid" in again.stderr) == (9, True)
    assert {path.stat().st_uid for path in (volumes / "ledger").rglob("*")} == {10001}


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_image_cannot_change_its_own_program(engine: Engine, volumes: Path) -> None:
    tried = engine.within(volumes, "-c", "touch /opt/mpesa-cli/x", more=("--entrypoint=sh",))
    assert (tried.returncode, "Read-only file system" in tried.stderr) == (1, True)


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_image_can_talk_to_postgresql(engine: Engine, volumes: Path) -> None:
    asked = engine.within(volumes, "-c", "import psycopg", more=("--entrypoint=/opt/mpesa-cli/bin/python",))
    assert (asked.returncode, asked.stderr) == (0, "")


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_image_reads_the_secrets_that_are_put_before_it(engine: Engine, volumes: Path) -> None:
    secrets, typed = volumes / "secrets", volumes / "secrets" / "mpesa-webhook-secret"
    secrets.mkdir(mode=0o500)
    typed.write_text("whsec_" + "A" * 43 + "=")
    typed.chmod(0o400)
    for each in (secrets, typed):
        os.chown(each, 10001, 10001)
    listed = engine.within(volumes, "secrets", "list", "--json", more=(f"--volume={secrets}:/run/secrets:ro",))
    assert '"systemd credential mpesa-webhook-secret"' in listed.stdout, listed


@pytest.mark.image
@pytest.mark.timeout(1800)
def test_the_image_listens_is_healthy_and_ends_when_it_is_told(engine: Engine, volumes: Path) -> None:
    started = engine.within(volumes, more=("--detach", "--name=listener"))
    assert started.returncode == 0, started.stderr[-2_000:]
    until = time.monotonic() + 60
    while engine.run("exec", "listener", *health_command()).returncode != 0:
        assert time.monotonic() < until, engine.run("logs", "listener").stderr[-2_000:]
        time.sleep(0.3)
    assert engine.run("stop", "listener").returncode == 0
    assert engine.run("inspect", "--format={{.State.ExitCode}}", "listener").stdout.strip() == "0"
