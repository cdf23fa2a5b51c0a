"""A sheet for a customer in one language: what every face shows, in its order. Pure.

A receipt is one, and so is the slip by which an order is paid (slip.py): only what they say differs.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mpesa_cli.floor.records import dataclass
from mpesa_cli.receipts.qr import Run, qr_runs, runs_of
from mpesa_cli.receipts.receipt import Receipt
from mpesa_cli.receipts.words import WORDS, Fact, Language, environment_words, facts


class Code(NamedTuple):
    """A QR code: of ``text``, which a printer draws itself, or as the ``modules`` of M-PESA's own picture."""

    text: str = ""
    modules: Sequence[Sequence[bool]] = ()

    def runs(self) -> tuple[int, list[Run]]:
        """Its width in modules with the quiet zone, and its dark runs."""
        return qr_runs(self.text) if self.text else runs_of(self.modules)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. ``title`` names the document, ``kind`` stands under the shop's name, ``mark`` beside it (a copy).

    ``trial`` is read before anything else outside production, empty there. ``stamp_us`` dates the document; the same
    sheet gives the same bytes. ``code`` None: it has none. ``scan`` says what the code is.
    """

    language: Language
    shop_name: str
    title: str
    kind: str
    mark: str
    environment: str
    trial: str
    amount_cents: int
    facts: tuple[Fact, ...]
    code: Code | None
    scan: str
    ends: str
    stamp_us: int


def receipt_sheet(receipt: Receipt, language: Language) -> Sheet:
    """The sheet of a receipt: its code holds the M-PESA receipt number and nothing else."""
    words = WORDS[language]
    return Sheet(
        language=language, shop_name=receipt.shop_name, title=f"{words.title.capitalize()} {receipt.code}",
        kind=words.title, mark=words.copy if receipt.copy else "", environment=receipt.environment,
        trial=environment_words(receipt.environment, language), amount_cents=receipt.amount_cents,
        facts=tuple(facts(receipt, language)), code=Code(receipt.code), scan=f"{words.scan}: {receipt.code}",
        ends=words.thanks, stamp_us=receipt.paid_us,
    )
