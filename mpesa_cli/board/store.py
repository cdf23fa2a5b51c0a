"""What a board is made of, read from the ledger: the day's payments, what was acknowledged, money that nobody has."""

from typing import NamedTuple, cast

from mpesa_cli.board.cards import Card, board
from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.rules.payment import Payment

CARDS_MAX = 200
UNCLAIMED_MAX = 50
BODIES_MAX = 500
_DAY_US = 86_400_000_000


class Takings(NamedTuple):
    """The payments that money came for, and the cents that came and did not go back."""

    payments: int
    cents: int


class Boards:
    """Questions of whoever shows a board."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def head(self) -> int:
        """The number of the journal's newest row: while it stays, only time changes a board. 0 where it is empty."""
        return int(str(self._reads.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]))

    def board(self, since_us: int, now_us: int, most: int = CARDS_MAX) -> tuple[Card, ...]:
        """The board of what was asked since, and of whoever waits: its newest cards."""
        waiting = self._reads.unfinished(most)
        payments = {each.payment_id: each for each in (*waiting, *self._not_acknowledged(since_us, most))}
        seen = {payment_id: said for payment_id in payments if (said := self.acknowledged(payment_id))}
        return board(payments.values(), seen, since_us, now_us)[:most]

    def acknowledged(self, payment_id: str) -> str:
        """The mark of a payment (board/cards.py) that was acknowledged last; empty where none was."""
        rows = self._reads.rows(
            "SELECT json_extract(facts, '$.mark') FROM journal WHERE payment_id=? AND kind='acknowledged' "
            "ORDER BY seq DESC LIMIT 1",
            (payment_id,),
        )
        return str(rows[0][0]) if rows else ""

    def takings(self, since_us: int) -> Takings:
        """The payments whose money came since, by hand too. One asked for a day before that is not looked for."""
        rows = self._reads.rows(
            "SELECT count(*), coalesce(sum(received_cents), 0) FROM payments "
            "WHERE created_us>=? AND paid_us>=? AND received_cents>0",
            (since_us - _DAY_US, since_us),
        )
        return Takings(int(str(rows[0][0])), int(str(rows[0][1])))

    def unclaimed(self, since_us: int) -> tuple[Payment, ...]:
        """Money that came by hand since, pays no order, and was not named as nobody's here: newest first."""
        rows = self._reads.rows(
            "SELECT p.payment_id FROM payments p WHERE p.order_id GLOB 'C2B-*' AND p.created_us>=? "
            "AND p.received_cents>0 ORDER BY p.created_us DESC LIMIT ?",
            (since_us, UNCLAIMED_MAX),
        )
        named = Restores(self._reads).is_named
        found = (self._reads.payment(str(payment_id)) for (payment_id,) in rows)
        return tuple(p for p in found if p and p.is_nobodys and not named(p.telling.view.receipt or ""))

    def first_names(self) -> dict[str, str]:
        """The first names of payers by hand, by receipt, as far as the newest bodies that are kept tell them."""
        rows = self._reads.rows(
            "SELECT body FROM (SELECT channel, body FROM callbacks ORDER BY rowid DESC LIMIT ?) AS newest "
            "WHERE channel='c2b-confirmation'",
            (BODIES_MAX,),
        )
        told = (read_c2b(bytes(cast("bytes", body))) for (body,) in rows)
        return {each.receipt: each.payer_name.split()[0] for each in told if isinstance(each, C2bPayment)
                and each.payer_name}

    def last_callback_us(self) -> int | None:
        """The time at which the last message of M-PESA was stored; None where none is kept."""
        rows = self._reads.rows("SELECT received_us FROM callbacks ORDER BY rowid DESC LIMIT 1")
        return int(str(rows[0][0])) if rows else None

    def sms_stuck(self, since_us: int) -> int:
        """The SMS made since that were given up, or of which nobody knows whether they went out."""
        rows = self._reads.rows(
            "SELECT count(*) FROM outbox WHERE queue='sms' AND state IN ('given_up', 'ambiguous') AND created_us>=?",
            (since_us,),
        )
        return int(str(rows[0][0]))

    def _not_acknowledged(self, since_us: int, most: int) -> list[Payment]:
        """The newest payments asked for since that have changed after they were acknowledged, or never were."""
        rows = self._reads.rows(
            "SELECT p.payment_id FROM payments p WHERE p.created_us>=? AND p.order_id NOT GLOB 'C2B-*' AND "
            "coalesce((SELECT max(seq) FROM journal j WHERE j.payment_id=p.payment_id AND j.kind='acknowledged'), 0) < "
            "(SELECT max(seq) FROM journal j WHERE j.payment_id=p.payment_id) ORDER BY p.created_us DESC LIMIT ?",
            (since_us - _DAY_US, most),  # the newest attempt may be a later one
        )
        return [found for (payment_id,) in rows if (found := self._reads.payment(str(payment_id)))]
