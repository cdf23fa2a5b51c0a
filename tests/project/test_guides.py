"""The guides by doing: systemd reads the unit, mpesa finds its credentials, nginx runs the block that is printed."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, Bench, listener, prompt

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.settings.secret_names import SECRET_NAMES

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "docs" / "operate" / "systemd" / "mpesa-listen.service"
WINDOWS = ROOT / "docs" / "shop"
TUNNELS = ROOT / "docs" / "operate" / "tunnels.md"
SBIN = os.environ.get("PATH", "") + ":/usr/sbin"
NGINX, OPENSSL = shutil.which("nginx", path=SBIN), shutil.which("openssl")
ANALYZE = shutil.which("systemd-analyze")


def unit_values(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/mpesa-cli/bin/mpesa", "/bin/true"), encoding="utf-8")
    done = subprocess.run([ANALYZE, "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []


def test_the_units_credentials_are_found_under_their_names(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    names = [value.split(":")[0] for value in unit_values("LoadCredential")]
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("a-value\n", encoding="utf-8")
    env = {
        "CREDENTIALS_DIRECTORY": str(folder), "MPESA_ENVIRONMENT": "production", "MPESA_SHORTCODE": "247247",
        "APP_URL": "https://pay.example.co.ke",
    }
    listed = mpesa("secrets", "list", env=env)
    assert listed.status == 0
    assert {f"mpesa-{name}" for name in SECRET_NAMES} >= set(names)
    for name in names:
        assert f"systemd credential {name}" in listed.stdout


def test_the_unit_does_not_start_again_what_cannot_work() -> None:
    hopeless = {ExitStatus.USAGE, ExitStatus.CREDENTIALS, ExitStatus.CONFLICT, ExitStatus.CONFIGURATION}
    assert {int(s) for s in unit_values("RestartPreventExitStatus")[0].split()} == {int(s) for s in hopeless}


@pytest.mark.parametrize("name", ["mpesa-listen", "mpesa-reconcile"])
def test_a_task_for_windows_runs_a_command_of_ours_and_its_page_registers_it(
    mpesa: Callable[..., Any], name: str
) -> None:
    document = fromstring((WINDOWS / "windows" / f"{name}.xml").read_text(encoding="utf-8"))
    task = {each.tag.rpartition("}")[2]: each.text or "" for each in document.iter()}
    assert task["Command"].endswith("\\mpesa.exe")
    assert mpesa(*task["Arguments"].split(), "--help").status == 0
    page = (WINDOWS / "windows.md").read_text(encoding="utf-8")
    registered = f"-TaskName '{name.replace('-', ' ')}' -Xml (Get-Content -Raw docs\\shop\\windows\\{name}.xml)"
    assert f"Register-ScheduledTask {registered}" in page


def nginx_block() -> str:
    (block,) = re.findall(r"```nginx\n(.*?)```", TUNNELS.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def in_front(tmp_path: Path) -> Iterator[tuple[Bench, int]]:
    """The guide's block, with other ports and a certificate of our own."""
    if NGINX is None or OPENSSL is None:
        pytest.skip("nginx or openssl is not installed (apt-get install nginx-light openssl)")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=pay.example.co.ke", "-days", "2",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    port = free_port()
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, tunnel="nginx", callback_ips="warn")) as bench:
        block = nginx_block()
        for old, new in {
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "    listen [::]:443 ssl;\n": "",
            "/etc/letsencrypt/live/pay.example.co.ke/fullchain.pem": str(certificate),
            "/etc/letsencrypt/live/pay.example.co.ke/privkey.pem": str(key),
            "http://127.0.0.1:8310": f"http://127.0.0.1:{bench.port}",
        }.items():
            assert block.count(old) == 1
            block = block.replace(old, new)
        folders = "".join(
            f"{name}_temp_path {tmp_path}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = tmp_path / "nginx.conf"
        config.write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
            f"events {{ }}\nhttp {{\n{folders}{block}}}\n",
            encoding="utf-8",
        )
        nginx = subprocess.Popen([NGINX, "-c", config, "-p", tmp_path], stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield bench, port
        finally:
            nginx.terminate()
            nginx.wait()


def wait_for(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("nginx did not start")


def post(port: int, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, timeout=20, source_address=("127.0.0.5", 0), context=trusting
    )
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_callbacks_come_through_the_guides_nginx_with_their_true_address(in_front: tuple[Bench, int]) -> None:
    bench, port = in_front
    lie = {"X-Forwarded-For": "196.201.214.200"}
    for number in range(3):
        token, _ = prompt(bench.ledger)
        body = encode(paid(receipt=f"UKO4Q7W{number:03d}"))
        assert post(port, f"/hooks/stk/{token}", body, lie) == (200, ACCEPTED_BODY)
    assert {event.peer for event in bench.told("stored")} == {"127.0.0.5"}


def test_the_guides_nginx_tells_strangers_nothing(in_front: tuple[Bench, int]) -> None:
    bench, port = in_front
    assert post(port, "/hooks/stk/" + "0" * 32, b"{}", {}) == (404, b'{"error":"not found"}')
    assert post(port, "/healthz", b"", {})[0] == 404
    assert post(port, "/hooks/stk/" + "0" * 32, b" " * 70_000, {})[0] == 413
    assert bench.stored() == 0
