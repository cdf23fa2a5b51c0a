"""The totals of an export are those of ``history --summary`` and of the closed days, whatever the days were."""

import csv
import io
import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from history_ledger import DAY_US, SECOND_US, START_US, Sale

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "books"))
from portal import Row, charge, wall, write

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.ledger.ledger import Ledger

SUMMED = {"payments": "count", "money_in": "gross", "paid": "paid", "not_paid": "failed", "open": "unsettled",
          "given_back": "reversed"}
RECORDED = {"count": "count", "in": "gross", "charges": "charges", "reversals": "reversals", "other": "other",
            "net": "net"}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("seed", range(3))
def test_totals_are_those_of_the_summary_and_of_the_closed_days(
    mpesa: Callable[..., Any], clock: Any, sold: Callable[..., Ledger], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    sales = [
        Sale(f"S{n}", chance.choice(["paid", "paid", "paid", "1032", "pending"]), amount=chance.randint(1, 5_000),
             at_us=START_US - chance.randint(0, 3) * DAY_US + chance.randint(0, 48_500) * SECOND_US,
             took_s=chance.randint(1, 90))
        for n in range(25)
    ]
    sold(*sales)
    by_day: dict[str, list[Row]] = defaultdict(list)
    for sale in sales:
        if sale.outcome == "paid":
            ended_us = sale.at_us + int(sale.took_s) * SECOND_US
            year, month, day = str(rfc3339(ended_us))[:10].split("-")
            row = Row(sale.receipt, sale.amount, sale.order, at=wall(ended_us), day=f"{day}-{month}-{year}")
            by_day[f"{year}-{month}-{day}"] += [row, Row(**{**charge(sale.receipt, row.at).__dict__, "day": row.day})]
    clock.advance(3 * 86_400)
    closed: dict[str, dict[str, Any]] = {}
    for day, rows in list(by_day.items())[:2]:
        file = write(tmp_path / f"{day}.csv", *rows, day=rows[0].day)
        done = mpesa("reconcile", "--statement", str(file), "--close", day, "--by", "Asha", "--json")
        closed[day] = json.loads(done.stdout)["closed"]["totals"]

    assert mpesa("export", str(tmp_path / "out.csv")).status == 0
    days = {row["day"]: row for row in table(tmp_path / "out-days.csv")}
    summary = json.loads(mpesa("history", "--summary", "--limit", "all", "--json").stdout)
    for told in summary["days"]:
        assert {n: float(days[told["day"]][n]) for n in SUMMED} == {n: told[name] for n, name in SUMMED.items()}
    assert sum(int(row["payments"]) for row in days.values()) == summary["total"]["count"] == len(sales)
    assert closed
    for day, totals in closed.items():
        row = days[day]
        assert (row["closed_by"], row["changed_since_closed"]) == ("Asha", "no")
        assert {n: float(row[f"mpesa_{n}"]) for n in RECORDED} == {n: totals[name] for n, name in RECORDED.items()}
        assert (int(row["books_count"]), float(row["books_in"])) == (totals["ledger_count"], totals["ledger"])
    assert {row["mpesa_net"] for day, row in days.items() if day not in closed} <= {""}

    (month,) = table(tmp_path / "out-months.csv")
    assert int(month["days_closed"]) == len(closed)
    for name in (*SUMMED, "books_count", "books_in"):
        assert float(month[name]) == pytest.approx(sum(float(row[name]) for row in days.values()))
    for name, of_days in (("receipts", "books_in"), ("charges", "mpesa_charges")):
        sums: dict[str, float] = defaultdict(float)
        for each in table(tmp_path / f"out-{name}.csv"):
            sums[each["date"]] += float(each["amount"])
        assert sums == pytest.approx({d: float(row[of_days]) for d, row in days.items() if float(row[of_days] or 0)})
