"""The order that a customer meant by the account number typed by hand. Pure.

People type case, spaces, dashes and words of their own: "order 1042", "INV-1042", "#1042". Only letters
and digits count, and a leading word that only says "order" or "account" is dropped.
"""

_LEADING_WORDS = (
    "ORDERNUMBER", "ORDERNO", "ORDER", "ORD", "INVOICENO", "INVOICE", "INV", "ACCOUNTNO", "ACCOUNT", "ACC",
    "REFERENCE", "REF", "NUMBER", "NO",
)


def order_key(text: str) -> str:
    """The letters and digits of a text, in upper case: the same for any two spellings of one order id."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def keys_meant(typed: str, own_words: tuple[str, ...] = ()) -> list[str]:
    """The keys that the typed account number can mean, the literal one first.

    ``own_words`` are the shop's own prefixes (its account number or reference), which customers put before
    the order. Empty where nothing but signs was typed.
    """
    literal = order_key(typed)
    if not literal:
        return []
    found = [literal]
    for word in (*map(order_key, own_words), *_LEADING_WORDS):
        rest = literal.removeprefix(word) if word else literal
        if rest and rest not in found:
            found.append(rest)
    return found
