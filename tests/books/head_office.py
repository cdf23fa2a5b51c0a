"""Two tills of one head office, and the daily file of both: what a test plants in it. Not a test."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from books_shop import NIGHT_S
from month import PAYS
from portal import wall

HEADINGS = (
    "ORGANIZATION_NAME,STORE_NAME,RECEIPT_NUMBER,ACCOUNT_TYPE_NAME,TRANSACTION_TYPE,START_TIMESTAMP,"
    "TRANSACTION_PARTY_DETAILS,CREDIT_AMOUNT,DEBIT_AMOUNT,BALANCE,LINKED_TRANSACTION_ID"
)
OUTERING, WESTLANDS = "DUKA OUTERING", "DUKA WESTLANDS"
BOTH = ("-P", "outering", "-P", "westlands")
TILLS = {
    "outering": {"shortcode": "600100", "till": "5012345", "store_name": OUTERING},
    "westlands": {"shortcode": "600101", "till": "5012346", "store_name": "Duka  westlands"},
}


@dataclass
class HeadOffice:
    """The head office, its configuration and its file."""

    mpesa: Callable[..., Any]
    clock: Any
    home: Path
    file: Path

    def configure(self, **tills: dict[str, str]) -> None:
        """Write the configuration; each till has what TILLS says, and what is said here in its place."""
        folder = self.home / "config"
        folder.mkdir(parents=True, exist_ok=True)
        tables = []
        for name, said in tills.items():
            keys = {"environment": "simulator", "kind": "till", **TILLS.get(name, {}), **said}
            lines = [f'{key} = "{value}"' for key, value in keys.items() if value]
            tables.append("\n".join([f"[profile.{name}]", *lines, ""]))
        (folder / "config.toml").write_text("\n".join(tables))

    def sell(self, profile: str, order: str, shillings: int = 150, phone: str = PAYS) -> tuple[str, str]:
        """A prompt that is paid, if the phone is PAYS. Returns the receipt and the wall time."""
        self.clock.advance(130)
        wait = "--wait" if phone == PAYS else "--no-wait"
        done = self.mpesa("push", phone, str(shillings), "--order", order, wait, "--json", "--yes", "-P", profile)
        assert done.status in {0, 6}, done
        return str(json.loads(done.stdout)["receipt"]), wall(self.clock.now_us())

    def write(self, *rows: str, below: str = "") -> None:
        """The file of these rows, which comes when the day is over."""
        self.clock.advance(NIGHT_S)
        self.file.write_text("\n".join([HEADINGS, *rows, below]))

    def reconcile(self, *argv: str, status: int) -> Any:
        """Read the file, which must end so."""
        done = self.mpesa("reconcile", "--statement", str(self.file), *argv)
        assert done.status == status, done
        return done

    def told(self, profile: str, status: int = 0) -> dict[str, Any]:
        """The document of one profile's run over the file."""
        document: dict[str, Any] = json.loads(self.reconcile("-P", profile, "--json", status=status).stdout)
        return document


def paid(store: str, at: str, receipt: str, shillings: int = 150, party: str = PAYS) -> str:
    """A row of a customer's payment; the balance is the store's."""
    return (f"DUKA LTD,{store},{receipt},Merchant Account,Customer Merchant Payment,2026-11-24 {at},"
            f"{party} - WANJIKU,{shillings}.00,,,,")


def charge(store: str, at: str, receipt: str) -> str:
    """What Safaricom takes for a payment."""
    what = "Pay merchant Charge"
    return f"DUKA LTD,{store},{receipt},Merchant Account,{what},2026-11-24 {at},{what},,2.75,,,"


def kinds(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The differences in a document: their class, and the receipt or the order that each is about."""
    return [(each["kind"], each["receipt"] or each["order_id"]) for each in document["breaks"]]


def unread(text: str) -> list[tuple[str, str]]:
    """The number of rows and the store of each line that says that some were not read."""
    return re.findall(r"NOT READ: (\d+) rows? in \S+ of the store (.+), which no profile has", text)
