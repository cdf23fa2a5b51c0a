"""Trace lines for ``-vv``, one per request and per answer, without secrets and phone numbers."""

import json
import re
from collections.abc import Iterable, Mapping

from mpesa_cli.daraja.stk_push import hidden
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import HttpAnswer, Outcome
from mpesa_cli.floor.wire.plain_words import scrubbed
from mpesa_cli.rules.values.msisdn import mask_msisdn

_MOST = 1000
_MSISDN = re.compile(r"(?<!\d)254[17]\d{8}(?!\d)")
# The new form of a CheckoutRequestID ends in nine digits of the customer's number (daraja.md 0.3).
_CHECKOUT_TAIL = re.compile(r"(ws_CO_\d{17})\d{9}(?!\d)")


def request_line(method: str, url: str, body: Mapping[str, str] | None, secrets: Iterable[Secret]) -> str:
    """A request: ``→ POST https://… {…}``. Of the headers only Content-Type is shown, and that never varies."""
    shown = "" if body is None else " " + json.dumps(hidden(body), ensure_ascii=False)
    return _masked(f"→ {method} {url}{shown}", secrets)


def answer_line(outcome: Outcome, secrets: Iterable[Secret], *, body_is_secret: bool = False) -> str:
    """An answer, ``← 200 application/json {…}``, or why there is none. ``body_is_secret``: only its size is shown."""
    if not isinstance(outcome, HttpAnswer):
        return f"← none: {outcome.error_code}, {outcome.words}"
    retry_after = "" if outcome.retry_after_s is None else f" retry-after: {outcome.retry_after_s}"
    body = (
        f"({len(outcome.body)} bytes, not shown)"
        if body_is_secret and outcome.status == 200
        else outcome.body.decode("utf-8", "replace")
    )
    head = f"← {outcome.status} {outcome.content_type or 'no content type'}{retry_after}"
    return _masked(f"{head} {body}", secrets)


def _masked(line: str, secrets: Iterable[Secret]) -> str:
    clean = _CHECKOUT_TAIL.sub(r"\1•••", scrubbed(line, secrets))
    clean = _MSISDN.sub(lambda found: mask_msisdn(found[0]), clean)
    visible = "".join(c if c.isprintable() else " " for c in clean)
    return " ".join(visible.split())[:_MOST]
