"""Meanings of the fields of documents about the ledger itself: proving, copying, erasing, checking."""

_PLACE: dict[str, tuple[str, str]] = {
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "profile": ("text", "The till or paybill whose ledger it is."),
}
_LEDGER: dict[str, tuple[str, str]] = {**_PLACE, "ledger": ("text", "The ledger's file.")}
_HEAD: dict[str, tuple[str, str]] = {
    "seq": ("number", "The last row of the journal; 0 where there is none."),
    "hash": ("text", "Its hash, which stands for every row before it: 64 hexadecimal digits."),
}

AUDIT_FIELDS: dict[str, tuple[str, str]] = {
    **_LEDGER,
    "whole": ("true or false", "Whether nothing is wrong."),
    "rows": ("number", "Rows of the journal that were read."),
    "head": ("object", "The last row: `seq`, `hash` and `at` (time or null)."),
    "flaw_count": ("number", "How many things are wrong."),
    "flaws": ("list", "The first of them, in the journal's order: `seq` (null where it is no row) and `words`."),
}

HEAD_FIELDS: dict[str, tuple[str, str]] = {
    **_LEDGER,
    **_HEAD,
    "at": ("time or null", "When that row was written."),
    "rows": ("number", "Rows of the journal."),
}

BACKUP_FIELDS: dict[str, tuple[str, str]] = {
    **_PLACE,
    "file": ("text", "The copy."),
    "bytes": ("number", "Its size."),
    **_HEAD,
    "at": ("time or null", "When that row was written: what came later is not in the copy."),
    "rows": ("number", "Rows of the journal."),
    "whole": ("true or false", "Whether the ledger itself is whole. False comes with exit status 7."),
}

RESTORE_FIELDS: dict[str, tuple[str, str]] = {
    **_LEDGER,
    "file": ("text", "The backup."),
    **_HEAD,
    "known_until": ("time or null", "When that row was written: what came later is not in the ledger."),
    "payments": ("number", "Payments in it."),
    "open": ("number", "Payments whose end it does not know: `mpesa reconcile`."),
}

BEGIN_FIELDS: dict[str, tuple[str, str]] = {
    **_LEDGER,
    "ledger_id": ("text", "What the ledger and every copy of it are known by."),
    "before": ("text or null", "The id of the ledger that was known before; null where none was."),
    "reason": ("text", "Why, as the journal keeps it."),
}

BALANCE_FIELDS: dict[str, tuple[str, str]] = {
    "environment": _PLACE["environment"],
    "shortcode": ("text", "Whose accounts they are."),
    "at": ("time", "The moment of which M-PESA told them."),
    "accounts": ("list of account", "The accounts, in M-PESA's order."),
}
ACCOUNT_FIELDS: dict[str, tuple[str, str]] = {
    "name": ("text", "Its name at M-PESA. Customers' money comes to a paybill's utility, a till's merchant account."),
    "currency": ("text", "`KES`."),
    "current": ("number", "What is on it; of charges paid below zero."),
    "available": ("number", "What of it can be used."),
    "reserved": ("number", "What is held back."),
    "uncleared": ("number", "What has not cleared yet."),
}

QR_FIELDS: dict[str, tuple[str, str]] = {
    "environment": _PLACE["environment"],
    "amount": ("number", "Whole shillings."),
    "number": ("text", "The paybill or till that is paid."),
    "reference": ("text", "What the code says it is for; it need not come back with the payment."),
    "file": ("text or null", "The file that was written."),
    "png": ("text or null", "The picture as base64, where no file was written."),
}

SLIP_FIELDS: dict[str, tuple[str, str]] = {
    "order_id": ("text", "The order that is to be paid."),
    "environment": _PLACE["environment"],
    "shop_name": ("text", "Who is paid."),
    "kind": ("text", "What `number` is: `paybill` or `till`."),
    "number": ("text", "What the customer pays to."),
    "account": ("text or null", "The account that the customer types; null for a till."),
    "amount": ("number", "What is to be paid, in shillings."),
    "made_at": ("time", "When the slip was made: it may be paid since."),
    "png": ("text or null", "M-PESA's QR code as base64; null where it made none."),
}

NAMED_FIELDS: dict[str, tuple[str, str]] = {
    "receipt": ("text", "The receipt that pays no order here."),
    "pays": ("null", "Always null."),
    "reason": ("text", "Why, as the journal keeps it."),
}

ERASE_FIELDS: dict[str, tuple[str, str]] = {
    **_PLACE,
    "erased": ("true or false", "False with `--dry-run`: then the rest says what would be."),
    "payments": ("number", "Payments that had the number."),
    "journal_rows": ("number", "Rows of the journal whose private part went."),
    "bodies": ("number", "Raw callbacks and results that went."),
    "other_rows": ("number", "Rows of statements, messages and requests that went or lost it."),
    "kept_in": ("list of text", "Payments, payouts, journal rows in whose words somebody typed it: it stays there."),
    "left": ("object", "Files in which it was still found, and how often. Not empty comes with exit status 7."),
}

DOCTOR_FIELDS: dict[str, tuple[str, str]] = {
    "ok": ("true or false", "Whether payments can go on; warnings don't count."),
    "environment": ("text or null", "Null where there is no such profile."),
    "profile": ("text or null", "Null where there is no such profile."),
    "checks": ("list", "Every check: `check`, `verdict` (`ok`, `warn`, `fail`), `words`, `mend` (a command, or null)."),
}

PULL_FIELDS: dict[str, tuple[str, str]] = {
    "registered": ("true or false", "Always true; else there is an error."),
    "new": ("true or false", "False where it was registered before."),
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "shortcode": ("text", "The paybill, or a till's store number."),
}

ACCEPT_FIELDS: dict[str, tuple[str, str]] = {
    "id": ("text", "The break that is not counted any more."),
    "accepted_by": ("text", "Who took note of it."),
    "accepted_because": ("text", "Why it is no longer counted."),
    "fresh": ("true or false", "False where the same person had said the same before."),
}

ACCEPT_MANY_FIELDS: dict[str, tuple[str, str]] = {
    "id": ("text", "The class, or `all`."),
    "accepted_by": ("text", "Who took note of them."),
    "accepted_because": ("text", "Why they are no longer counted."),
    "fresh": ("true or false", "Whether any of them was not accepted before."),
    "ids": ("list of text", "The breaks that were listed at that moment, and are not counted any more."),
    "left": ("number", "Breaks that are accepted one by one only, and were left as they are."),
}

BOOKS_BEGIN_FIELDS: dict[str, tuple[str, str]] = {
    "books_begin": ("time", "What is before is not compared."),
    "by": ("text", "Who said so."),
    "reason": ("text", "Why."),
    "fresh": ("true or false", "False where that was the day before, too."),
}

CHECK_FIELDS: dict[str, tuple[str, str]] = {
    "name": ("text", "The delivery: `right`, `twice` … (docs/develop/receivers.md)."),
    "ok": ("true or false", "Whether the receiver did the right thing, as far as it could be seen."),
    "why": ("text or null", "What was wrong; `not seen` where the receiver does not say how its order stands."),
    "order_id": ("text", "The order that it was about: `CHECK-…`."),
    "lost": ("text or null", "What a shop with such a receiver loses. Null where it is right."),
}
