"""Every command on a ledger in PostgreSQL: none asks it in words that it does not have."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

DAY = """
push 0708374149 150 --order A1
push 0712345678 70 --order A2 --no-wait
push 0711111111 90 --order A3
retry A2
retry --failed
status A1
status A2 --json
history
history --unclaimed
history --status paid
history --summary --by hour
history --phone 0708•••149
history --order A1 --json
history --amount 150
receipt A1
log A1 --raw
log A1 --json
c2b-simulate 0708374149 150 --account A2
c2b-simulate 0712345678 33
order add B1 100
verify UKO4Q7WX2B --order A1
verify UKO4Q7WX2B --amount 5
refund A1 --reason goods-came-back --by Wanjiku --yes
pay 0712345678 100 --for wages --reason wages-of-november --by Wanjiku --yes
payouts
payouts wages
approve REQ-nobody
operator list
balance
qr 150 --order A2
held list
held read-again
held done HLD-nobody --by Wanjiku --reason seen-on-the-statement
resolve A3 failed --reason not-on-the-statement --by Wanjiku
token issue --scope payments:read --name shop
token list
token revoke TOK-NOBODY
owner list
reconcile
reconcile --open
reconcile --statement STATEMENT --json
reconcile --statement STATEMENT --close 2026-11-24 --by Wanjiku --reason the-day-is-over
pull-register --nominated 0708374149
reconcile --pull
export FOLDER/out.csv
export FOLDER/out.db
doctor
doctor --whole
audit verify
audit head
backup FOLDER/copy.db
erase 0711111111 --dry-run
erase 0711111111 --yes
trigger stk.paid
""".strip().splitlines()


@pytest.mark.postgres
def test_every_command_is_understood(
    database: Callable[[], str], mpesa: Callable[..., object], tmp_path: Path, clock: object
) -> None:
    env = {
        "MPESA_HOME": str(tmp_path / "home"), "MPESA_LEDGER": database(), "MPESA_API_SECRET": secrets.token_hex(32),
        "MPESA_PAYOUTS_ENABLED": "true", "MPESA_PAYOUTS_MAX": "1000", "MPESA_PAYOUTS_DAILY_MAX": "5000",
        "MPESA_UNPAID_AFTER_MINUTES": "3",
    }
    statement = tmp_path / "statement.csv"
    wrong = []
    for line in DAY:
        if "STATEMENT" in line and not statement.exists():
            made = mpesa("simulator", "statement", env=env)
            statement.write_text(made.stdout)  # type: ignore[attr-defined]
        words = line.replace("STATEMENT", str(statement)).replace("FOLDER", str(tmp_path)).split()
        result = mpesa(*words, env=env)
        said = result.stdout + result.stderr  # type: ignore[attr-defined]
        if "(schema mpesa_" in said and "failed:" in said:
            wrong.append(f"{line}: {said[-300:]}")
        assert "Traceback" not in said, said
        clock.advance(130)  # type: ignore[attr-defined]
    assert wrong == []
    whole = mpesa("audit", "verify", "--json", env=env)
    assert json.loads(whole.stdout)["whole"] is True, whole.stdout  # type: ignore[attr-defined]
