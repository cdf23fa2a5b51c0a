"""A day at the counter, through the command alone: payments, failures, a batch, receipts of each face, an SMS."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

DAY = {"MPESA_SMS_SEND_RECEIPTS": "true", "MPESA_SHOP_NAME": "Duka Moja"}


def test_a_day_at_the_counter(mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path) -> None:
    # Ten customers who pay, each on a phone of their own.
    for number in range(10):
        paid = mpesa("push", f"25479900000{number}", "150", "--order", f"sale-{number}", "--json", env=DAY)
        assert (paid.status, json.loads(paid.stdout)["status"]) == (0, "paid"), paid.stderr

    # Three who do not, each in another way; the same command again never asks twice.
    for phone, order, code in (
        ("254711111111", "poor", "1"),
        ("254700001032", "cancels", "1032"),
        ("254700002001", "wrong-pin", "2001"),
    ):
        failed = mpesa("push", phone, "200", "--order", order, "--json", env=DAY)
        assert (failed.status, json.loads(failed.stdout)["result_code"]) == (3, code)
        assert mpesa("push", phone, "200", "--order", order, env=DAY).status == 9

    # One of them has topped up and is asked again, on another line; too soon on the same one is refused.
    assert mpesa("retry", "poor", env=DAY).status == 5
    clock.advance(130)
    again = mpesa("retry", "poor", "--phone", "254798000001", "--json", env=DAY)
    assert (again.status, json.loads(again.stdout)["status"]) == (0, "paid")

    # A batch from a file; the same file again asks for nothing.
    batch = tmp_path / "rent.csv"
    batch.write_text("phone,amount,order\n0797000001,150,rent-1\n0797000002,300,rent-2\n", encoding="utf-8")
    first = mpesa("push", "--from", str(batch), "--wait", "--yes", "--json", env=DAY)
    assert [row["result"] for row in json.loads(first.stdout)] == ["paid", "paid"], first.stdout
    posts = len(_prompts(home))
    assert mpesa("push", "--from", str(batch), "--wait", "--yes", env=DAY).status == 0
    assert len(_prompts(home)) == posts

    # A receipt in each face.
    for name, begins in (("r.html", b"<!doctype html"), ("r.txt", b"Duka"), ("r.pdf", b"%PDF"), ("r.bin", b"\x1b@")):
        target = tmp_path / name
        made = mpesa("receipt", "sale-0", "--output", str(target), *_format_of(name), env=DAY)
        assert made.status == 0, made.stderr
        assert target.read_bytes().lower().lstrip().startswith(begins.lower()), name
    assert json.loads(mpesa("receipt", "sale-0", "--format", "json", env=DAY).stdout)["order_id"] == "sale-0"
    assert mpesa("receipt", "cancels", env=DAY).status == 9

    # Thirteen were paid, so thirteen SMS went out by themselves, one each.
    sent = [json.loads(line) for path in home.rglob("*-sms.txt") for line in path.read_text("utf-8").splitlines()]
    assert len(sent) == 13
    assert all("Duka Moja" in message["text"] for message in sent)

    # The day in one line, and every payment once.
    total = json.loads(mpesa("history", "--summary", "--json", env=DAY).stdout)
    rows = json.loads(mpesa("history", "--limit", "0", "--json", env=DAY).stdout)
    assert len(rows) == 15
    assert [r["status"] for r in rows].count("paid") == 13
    assert total
    assert mpesa("reconcile", env=DAY).status == 0


def _prompts(home: Path) -> list[Any]:
    state = json.loads(next(home.rglob("simulator.json")).read_text("utf-8"))
    return list(state["prompts"])


def _format_of(name: str) -> list[str]:
    return {"r.txt": ["--format", "text"], "r.bin": ["--format", "escpos"]}.get(name, [])
