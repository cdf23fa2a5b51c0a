"""A request read strictly: its headers, its parameters, its body. Every fault raised becomes a problem document."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mpesa_cli.api.endpoints import Endpoint
from mpesa_cli.api.fields import KEY_PATTERN, read_fields, wrong
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.wire.strict_json import MAX_BYTES, Unreadable, read_json
from mpesa_cli.rules.values.call_key import CallKey, digest_of

_KEY = re.compile(KEY_PATTERN)
_SEQ = re.compile(r"[0-9]{1,15}", re.ASCII)


def chosen_form(endpoint: Endpoint, accept: str) -> str:
    """The first form, in the order of the caller's wishes, that the endpoint has. Raises InvalidInput (406)."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",") if accept.strip() else ["*/*"]):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        wishes.append((-_weight(weight), place, name))
    refused = {name for less, _, name in wishes if less == 0}
    for less, _, name in sorted(wishes):
        for form in endpoint.produces:
            if less < 0 and form not in refused and name in {form, "*/*", f"{form.partition('/')[0]}/*"}:
                return form
    raise wrong(
        "This can't be had in any form that the Accept header allows.",
        f"Right: Accept: {', '.join(endpoint.produces)}.", "not-acceptable",
    )


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{0,3})?", text, re.ASCII) else 0.0


def read_query(endpoint: Endpoint, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The parameters behind the question mark. Raises InvalidInput (422)."""
    given = dict(pairs)
    if len(given) != len(pairs):
        raise wrong("A parameter was given twice.", "Give each once.", "repeated-field")
    return read_fields(endpoint.query, given, "parameter")


def check_content_type(header: str | None, length: int) -> None:
    """Raise InvalidInput (415) where a body is not called JSON."""
    if not length or (header or "").partition(";")[0].strip().lower() == "application/json":
        return
    raise wrong(
        "The body must be JSON, and be called so.", "Right: Content-Type: application/json.", "unsupported-media-type"
    )


def read_body(endpoint: Endpoint, body: bytes) -> dict[str, Any]:
    """The fields of the body; none of them where there is no body and none is needed. Raises InvalidInput."""
    fields = endpoint.body or ()
    if not body and not any(field.required for field in fields):
        return {}
    said = read_json(body)
    if isinstance(said, Unreadable):
        raise wrong(
            f"The body can't be read: it is {said.words}." if said.reason == "not-json" else
            f"The body can't be read: {said.words}.", "Right: one JSON object.", "invalid-json",
        )
    if not isinstance(said, Mapping):
        raise wrong("The body is not a JSON object.", 'Right: {"orderId": 1042, …}.', "invalid-field")
    return read_fields(fields, said, "field")


def too_large() -> InvalidInput:
    """The refusal of a body that is longer than 64 KiB."""
    return wrong(f"The body is larger than {MAX_BYTES // 1024} KiB.", "Send less.", "too-large")


def read_key(
    endpoint: Endpoint, headers: Sequence[str], subject: str, ref: str, inputs: Mapping[str, Any]
) -> CallKey | None:
    """The Idempotency-Key with the digest of its inputs; None where there is none. Raises InvalidInput (400)."""
    if not headers:
        return None
    if not endpoint.asks:
        return None
    if len(headers) > 1 or not _KEY.search(headers[0]):
        raise wrong(
            "The Idempotency-Key can't be used.", "Right: one header of 1 to 128 visible ASCII characters.",
            "invalid-header",
        )
    return CallKey(subject, headers[0], digest_of({"call": endpoint.name, "ref": ref, "inputs": dict(inputs)}))


def read_last_event_id(headers: Sequence[str]) -> int | None:
    """The journal row behind which a stream goes on. Raises InvalidInput (400)."""
    if not headers:
        return None
    if len(headers) > 1 or not _SEQ.fullmatch(headers[0]):
        raise wrong("The Last-Event-ID is none of ours.", "Right: the id of the last event.", "invalid-header")
    return int(headers[0])
