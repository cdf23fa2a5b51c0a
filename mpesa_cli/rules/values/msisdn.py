"""MSISDNs: any Kenyan form in, ``2547XXXXXXXX`` or ``2541XXXXXXXX`` out.

Ranges and first assignments are libphonenumber's (daraja.md section 9). Numbers can be ported, so a
prefix first given to another operator is a warning; a range that does not exist is an error.
"""

import re

from mpesa_cli.floor.errors import InvalidInput

_NATIONAL = re.compile(r"(?:\+?254|00254|0)?([17]\d{8})", re.ASCII)
# daraja.md section 9: 7 + 8 digits, or 1 followed by these pairs and 6 digits.
_ONE_SERIES = frozenset(
    [f"{n:02d}" for n in range(9)]
    + [f"{n:02d}" for n in range(10, 20)]
    + ["20", "21", "24", "30"]
    + [f"{n:02d}" for n in range(35, 47)]
    + [f"{n:02d}" for n in range(80, 90)]
)

RIGHT_FORMS = "Right: 0712 345 678, 0112345678, +254712345678 or 254712345678"


def parse_msisdn(typed: str) -> str:
    """Read a Kenyan mobile number in any form people type or paste and return it as 12 digits, ``254…``.

    Raises InvalidInput for anything else: where a digit may have been lost or added, as in a number that a
    spreadsheet turned into a decimal, and for ranges that no operator was given.
    """
    found = _NATIONAL.fullmatch(typed)
    if found is None:  # its patterns are loaded for what needs them
        from mpesa_cli.rules.values.typed_digits import digits_of

        found = _NATIONAL.fullmatch(digits_of(typed))
    if found is None:
        raise InvalidInput(
            f"{typed!r} is not a Kenyan mobile number.",
            hint=f"It needs nine digits after 0 or 254, beginning with 7 or 1. {RIGHT_FORMS}. Nothing was sent.",
            code="invalid-msisdn",
        )
    national = found[1]
    if national[0] == "1" and national[1:3] not in _ONE_SERIES:
        raise InvalidInput(
            f"{typed!r} is in a range (0{national[:3]}…) that no Kenyan operator was given.",
            hint=f"Ask the customer for the number again. {RIGHT_FORMS}. Nothing was sent.",
            code="invalid-msisdn",
        )
    return "254" + national


def first_operator(msisdn: str) -> str:
    """The operator to whom this prefix was first assigned. Portability means it may be another now."""
    prefix = msisdn[3:6]
    if prefix == "744":
        return "Homeland Media"
    if prefix == "747":
        return "JTL"
    if prefix in {"761", "120"} or prefix[:2] == "77":
        return "Telkom"
    if prefix in {"757", "758", "759", "768", "769"} or prefix[:2] in {"70", "71", "72", "74", "79", "11", "18"}:
        return "Safaricom"
    if "140" <= prefix <= "146":
        return "Safaricom"
    if prefix[:2] in {"73", "75", "76", "78", "10"} or "135" <= prefix <= "139":
        return "Airtel"
    return {"121": "Infura", "124": "Finserve (Equitel)", "130": "NRG"}.get(prefix, "another operator")


def operator_warning(msisdn: str) -> str | None:
    """A sentence for staff where the prefix was not first Safaricom's, else None."""
    operator = first_operator(msisdn)
    if operator == "Safaricom":
        return None
    return (
        f"0{msisdn[3:6]} numbers were first {operator}'s. If this one was not moved to Safaricom, "
        "no prompt will come: ask the customer."
    )


def mask_msisdn(msisdn: str) -> str:
    """A masked number, ``0708•••149`` for ``254708374149``: the one form shown to people who may not read it.

    Of a number that M-PESA itself masked, the digits shown at both ends; of a hashed or erased one, nothing.
    """
    if re.fullmatch(r"254\d{9}", msisdn):
        local = local_form(msisdn)
        return f"{local[:4]}•••{local[-3:]}"
    if "*" not in msisdn:
        return "•••"
    from mpesa_cli.rules.values.typed_digits import without_gaps

    shown = without_gaps(msisdn)
    head, tail = shown.partition("*")[0], shown.rpartition("*")[2]
    return f"{local_form(head)[:4] if head.startswith('254') else head[:4]}•••{tail[-3:]}"


def masked_apart(one: str, other: str) -> tuple[str, str]:
    """Two different numbers, each masked; where that makes them look alike, with the hidden digits that differ."""
    masked = mask_msisdn(one), mask_msisdn(other)
    if masked[0] != masked[1] or one == other or not all(re.fullmatch(r"254\d{9}", each) for each in (one, other)):
        return masked
    both = local_form(one), local_form(other)
    apart = [a != b for a, b in zip(*both, strict=True)]
    shown = [at < 4 or at > 6 or differs for at, differs in enumerate(apart)]
    first, second = ("".join(c if shown[at] else "•" for at, c in enumerate(number)) for number in both)
    return first, second


def local_form(msisdn: str) -> str:
    """A number as people write it: ``254708374149`` → ``0708374149``."""
    return "0" + msisdn[3:]


def spoken_form(msisdn: str) -> str:
    """A number whole and grouped, to be read out and compared digit by digit: ``254708374149`` → ``0708 374 149``."""
    local = local_form(msisdn)
    return f"{local[:4]} {local[4:7]} {local[7:]}"
