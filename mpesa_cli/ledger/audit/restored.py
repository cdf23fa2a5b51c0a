"""The check of gaps and named receipts against the journal: without one, a paid order could be prompted again."""

from collections.abc import Iterator

from mpesa_cli.ledger.audit.chain import Flaw
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.schema.restored import GAPS_OF_JOURNAL

_GAPS = "SELECT seq, known_until_us, restored_us FROM gaps"
_NAMES = "SELECT receipt, named_by, reason, named_us FROM named_receipts"
_NAMED = (
    "SELECT json_extract(facts, '$.receipt'), json_extract(facts, '$.by'), json_extract(facts, '$.reason'), at_us "
    "FROM journal WHERE kind = 'receipt_named'"
)


def restored_flaws(ledger: Reads) -> Iterator[Flaw]:
    """Gaps and names that the journal does not have, or has otherwise."""
    for seq, *_ in ledger.rows(f"{GAPS_OF_JOURNAL} EXCEPT {_GAPS}"):
        yield Flaw(int(str(seq)), "says that the ledger was restored, and the time that it lacks was taken away")
    for seq, *_ in ledger.rows(f"{_GAPS} EXCEPT {GAPS_OF_JOURNAL}"):
        yield Flaw(0, f"a restore is noted as row {seq} of the journal, which says nothing of it")
    for receipt, *_ in ledger.rows(f"{_NAMES} EXCEPT {_NAMED}"):
        yield Flaw(0, f"receipt {receipt} is named as nobody's, and nobody has said so")
    for receipt, *_ in ledger.rows(f"{_NAMED} EXCEPT {_NAMES}"):
        yield Flaw(0, f"receipt {receipt} was named as nobody's, and that was taken away")
