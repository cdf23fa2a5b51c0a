"""Pseudonyms, which take the place of erased phone numbers: nothing leads back from one to the number."""

import re

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.shown_number import PSEUDONYM, fits, kept_form

PREFIX = PSEUDONYM


def is_erased(msisdn: str) -> bool:
    """Whether this is a pseudonym, not a number."""
    return msisdn.startswith(PREFIX)


@dataclass(frozen=True, slots=True)
class Erased:
    """The effect of an erasure. ``kept_in`` names payments, payouts and other rows whose chained facts hold it."""

    payments: int
    private_rows: int
    bodies: int
    other_rows: int
    kept_in: tuple[str, ...]


class Replacement:
    """One number and the pseudonym that replaces it everywhere, so that what belonged together still does."""

    def __init__(self, msisdn: str, pseudonym: str) -> None:
        """``msisdn`` is 12 digits, ``254…``; ``pseudonym`` begins with PREFIX and is drawn at random."""
        import hashlib  # not at the top: whoever only asks is_erased would load OpenSSL for it

        self.msisdn = msisdn
        self.pseudonym = pseudonym
        self.digits = msisdn[3:]
        # C2B may hash a number (daraja.md 5.6), but whoever hashes all that exist finds it: so it is erased too.
        self.hashed = hashlib.sha256(msisdn.encode()).hexdigest()
        self._forms = re.compile(rf"(?:\+?254|0)?{self.digits}")

    def in_text(self, text: str) -> str:
        """``text`` with the pseudonym for every form of the number, also inside a CheckoutRequestID."""
        return self._forms.sub(self.pseudonym, text)

    def of_number(self, said: str) -> str:
        """The pseudonym where ``said`` is this number, whole, hashed or with digits hidden; otherwise ``said``."""
        if said.lower() == self.hashed:
            return self.pseudonym
        is_another_hash = re.fullmatch(r"[0-9a-fA-F]{64}", said) is not None
        shows_digits = any(c.isdigit() for c in kept_form(said)) and not is_another_hash
        same = shows_digits and fits(self.msisdn, said)
        return self.pseudonym if same else self.in_text(said)
