"""The WooCommerce plugin in PHP: one payment_complete per order, whatever comes.

With stand-ins for WooCommerce's functions: WooCommerce itself is in no package registry.
"""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiver_pages import (
    SECRET,
    SECRETS,
    STARTED_WITHIN_S,
    checked,
    free_port,
    not_as_shown,
    of_another_environment,
    started,
    typed,
    wrong,
)

from mpesa_cli.floor.secret import Secret
from mpesa_cli.listener.checking.deliveries import Post, body_of
from mpesa_cli.listener.forwarding.webhook import signed_headers, signing_key

Run = Callable[..., Any]
WOO = Path(__file__).resolve().parents[2] / "integrations" / "woocommerce"
PLUGIN = WOO / "mpesa-cli"
EVENTS = "/wp-json/mpesa/v1/events"
KEY = signing_key(Secret(SECRET))
needs_php = [
    pytest.mark.integrations, pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("php") is None, reason="php is not here"),
]


def test_the_plugin_is_small() -> None:
    files = list(PLUGIN.rglob("*.php"))
    assert len(files) > 5
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 400


def test_the_plugin_keeps_orders_by_woocommerces_own_functions_alone() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.php"))
    assert not re.search(r"(?:get|update)_post_meta|WP_Query|\$wpdb->(?:query|insert|update|posts|postmeta)", text)
    assert "custom_order_tables" in text


class Shop:
    """A shop of stand-ins on a port."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def order(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.base}/orders/{number}").json()
        return found

    def checkout(self, phone: str = "0708 374 149", total: str = "150") -> dict[str, Any]:
        done: dict[str, Any] = self.http.post(
            f"{self.base}/checkout", data={"mpesa_phone": phone, "total": total}
        ).json()
        return done

    def state(self, name: str) -> dict[str, Any]:
        headers = signed_headers(KEY, "ask", time.time_ns() // 1000, b"")
        found: dict[str, Any] = self.http.get(self.base + EVENTS, params={"order": name}, headers=headers).json()
        return found

    def post(self, order: str, event: str = "order.paid", name: str = "") -> int:
        now_us = time.time_ns() // 1000
        body = body_of(Post(event), order, now_us)
        headers = signed_headers(KEY, name or f"evt_{order}_{event}", now_us, body)
        return self.http.post(self.base + EVENTS, content=body, headers=headers).status_code


@contextmanager
def shop(folder: Path, **more: str) -> Iterator[Shop]:
    port = free_port()
    environ = {"MPESA_CHECK_SECRET": SECRET, "STAND_IN_FOLDER": str(folder), "PHP_CLI_SERVER_WORKERS": "4", **more}
    with started(["php", "-q", "-S", f"127.0.0.1:{port}", "stand-in/router.php"], WOO, environ, port):
        running = Shop(port)
        yield running
    running.http.close()


@pytest.mark.integrations
class TestInPhp:
    pytestmark = needs_php

    def test_from_an_empty_folder_to_paid_by_the_readme_alone(self, empty: Path, tmp_path: Path) -> None:
        page, took = typed(empty / "integrations" / "woocommerce" / "README.md", empty, tmp_path / "home", free_port())
        assert not_as_shown(page) == []
        sys.stderr.write(f"\nWooCommerce's plugin, from an empty folder to PAID: {took:.0f} s\n")

    def test_every_delivery_is_right(self, cli: Run, tmp_path: Path) -> None:
        with shop(tmp_path, **SECRETS) as running:
            assert wrong(checked(cli, running.base + EVENTS)) == {}
            assert set(of_another_environment(running.base + EVENTS).values()) == {403}

    def test_killed_and_repeated_an_order_is_completed_once(self, tmp_path: Path) -> None:
        assert set(killed_and_repeated(tmp_path, kills=25)) == {("paid", 1)}

    def test_without_locks_and_transactions_the_battery_finds_it(self, tmp_path: Path) -> None:
        assert set(killed_and_repeated(tmp_path, kills=8, STAND_IN_CARELESS="1")) != {("paid", 1)}

    def test_the_blocks_checkout_is_given_the_field_and_told_what_the_plugin_can_do(self, tmp_path: Path) -> None:
        with shop(tmp_path) as running:
            scripts, data, said = httpx.get(f"{running.base}/blocks").json()
        assert (scripts, data["title"]) == (["mpesa-cli-blocks"], "M-PESA")
        assert set(said) == {"custom_order_tables", "cart_checkout_blocks"}

    def test_a_number_that_is_none_asks_nobody(self, tmp_path: Path) -> None:
        with shop(tmp_path, MPESA_API="http://127.0.0.1:9", MPESA_API_TOKEN="none") as running:
            done = running.checkout("12345")
            assert (done["result"], running.order(done["order"])["status"]) == ("failure", "pending")

    def test_without_an_answer_the_order_stays_on_hold_since_the_phone_may_have_rung(self, tmp_path: Path) -> None:
        with shop(tmp_path, MPESA_API="http://127.0.0.1:9", MPESA_API_TOKEN="none") as running:
            done = running.checkout()
            assert (done["result"], running.order(done["order"])["status"]) == ("success", "on-hold")

    def test_a_payment_that_is_told_before_the_checkout_returns_stays_paid(self, tmp_path: Path) -> None:
        with api() as asked, shop(tmp_path, **asked.environ, MPESA_PREFIX="CHECK-WC-") as running:
            asked.before_answer = lambda body: running.post(body["orderId"])
            done = running.checkout()
            order = running.order(done["order"])
        assert (done["result"], order["status"], order["completions"]) == ("success", "processing", 1)

    def test_a_refused_number_leaves_the_order_to_be_paid_another_way(self, tmp_path: Path) -> None:
        with api(422) as asked, shop(tmp_path, **asked.environ) as running:
            done = running.checkout()
            assert (done["result"], running.order(done["order"])["status"]) == ("failure", "pending")
            assert done["notices"] == [["error", "No phone rang."]]

    def test_the_prompt_is_sent_again_under_one_name_however_often_it_is_clicked(self, tmp_path: Path) -> None:
        with api() as asked, shop(tmp_path, **asked.environ) as running:
            done = running.checkout()
            for _ in range(2):
                note = running.http.get(f"{running.base}/again/{done['order']}").json()["notes"][-1]
        keys = [headers["idempotency-key"] for path, headers, _ in asked.came if "/retry/" in path]
        assert (note, len(keys), len(set(keys))) == ("The M-PESA prompt was sent again.", 2, 1)
        assert all(headers["authorization"] == "Bearer token" for _, headers, _ in asked.came)

    def test_the_waiting_page_opens_to_the_orders_key_alone(self, tmp_path: Path) -> None:
        with shop(tmp_path, MPESA_API="http://127.0.0.1:9", MPESA_API_TOKEN="none") as running:
            done = running.checkout()
            url = f"{running.base}/wp-json/mpesa/v1/orders/{done['order']}"
            assert httpx.get(url, params={"key": "guessed"}).status_code == 403
            assert httpx.get(url, params={"key": done["key"]}).json()["paid"] is False
            page = httpx.get(f"{running.base}/order-received/{done['order']}").text
            assert f"key={done['key']}" in page
            assert "<button" in page


class Api(ThreadingHTTPServer):
    """mpesa's HTTP API as far as the plugin asks it: every prompt is answered with one status."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status = status
        self.came: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.before_answer: Callable[[dict[str, Any]], object] = lambda _: None
        self.environ = {"MPESA_API": f"http://127.0.0.1:{self.server_address[1]}", "MPESA_API_TOKEN": "token"}


class _Answers(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self._answer({"status": "failed", "attempts": [{}]}, 200)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.came.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.server.before_answer(body)
        self._answer({"status": "pending", "detail": "No phone rang."}, self.server.status)

    def _answer(self, document: object, status: int) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def api(status: int = 202) -> Iterator[Api]:
    with Api(status) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


POINTS = 7  # of an order's way: before it is completed, after each statement, once it is committed


def killed_and_repeated(folder: Path, kills: int, **more: str) -> list[tuple[str, int]]:
    """How each order ended, and how often it was completed: its event came often, the shop was killed while it was in.

    Each kill comes while an order of its own stands at a point of its way, and events of three earlier ones come again.
    """
    names, held = [f"CHECK-kill-{number}" for number in range(1, kills + 1)], folder / "held"
    with shop(folder, **more) as running:
        assert {running.state(name)["status"] for name in names} == {"unpaid"}
    for number, name in enumerate(names):
        cut_off = list[str]()
        point = f"{number + 1}:{1 + number % POINTS}"
        with shop(folder, STAND_IN_PAUSE_MS="25", STAND_IN_HOLD=point, **more) as running:
            asked = [(running, each, cut_off) for each in names[max(0, number - 3) : number + 1] for _ in range(3)]
            threads = [threading.Thread(target=_post, args=each) for each in asked]
            for thread in threads:
                thread.start()
            until = time.monotonic() + STARTED_WITHIN_S
            while not held.exists():
                assert time.monotonic() < until, f"no event was held at {point}"
                time.sleep(0.01)
        for thread in threads:
            thread.join()
        assert name in cut_off
        held.unlink()
    with shop(folder, **more) as running:
        assert {running.post(name) for name in names} == {200}
        ends = [running.state(name)["status"] for name in names]
        return [(end, running.order(number)["completions"]) for number, end in enumerate(ends, 1)]


def _post(running: Shop, name: str, cut_off: list[str]) -> None:
    try:
        running.post(name)
    except (httpx.HTTPError, RuntimeError):  # the shop was killed meanwhile
        cut_off.append(name)


@pytest.mark.integrations
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_the_scripts_of_both_checkouts_hold() -> None:
    script = Path(__file__).with_name("woo_scripts.cjs")
    done = subprocess.run(["node", str(script), str(PLUGIN / "assets")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "both scripts hold\n"), done.stderr
