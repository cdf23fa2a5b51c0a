"""The OpenAPI 3.1 document, written from the table of endpoints."""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.api.context import JSON
from mpesa_cli.api.documents import reference, schemas
from mpesa_cli.api.endpoints import Endpoint
from mpesa_cli.api.fields import KEY_PATTERN, Field, text_schema
from mpesa_cli.api.problems import PROBLEM_TYPE
from mpesa_cli.api.tokens.values import SCOPES

_MEANS = {
    400: "The request can't be read, or its headers are not usable.",
    401: "No token, or none that is good.",
    403: "The token does not allow this.",
    404: "There is nothing by that name.",
    406: "It can't be had in a form that Accept allows.",
    409: "The ledger forbids it: other terms, a prompt that is still open, or a used Idempotency-Key.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not JSON.",
    422: "A field is wrong, or Daraja refused the prompt as it is; no phone rang.",
    429: "Too soon: the phone had a prompt a moment ago, or too many requests came. Retry-After says when.",
    500: "The server is not set up for this, or is at fault.",
    502: "Daraja does not accept the shop's own credentials; no phone rang.",
    503: "Not possible just now; nothing was charged, and the same request may be sent again.",
}
ORDER_REF: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100}


def openapi(served: Sequence[Endpoint], about: str, version: str) -> dict[str, Any]:
    """The whole document, of a version of the program. ``about`` is a sentence on whose limits stand in it."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in served:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mpesa: payments over HTTP",
            "version": version,
            "description": f"{about} An order is asked for once: calls may be repeated. Amounts are in shillings, "
            "times RFC 3339.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "Made with `mpesa token issue`. "
                    + " ".join(f"`{scope}`: {words}." for scope, words in SCOPES.items()),
                }
            },
        },
    }


def packaged() -> str:
    """The document that the package brings, as JSON: with the limits that a profile has where it sets none."""
    from importlib.resources import files

    return files("mpesa_cli.api").joinpath("openapi.json").read_text(encoding="utf-8")


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": {
            **{str(status): _good(endpoint, words) for status, words in endpoint.good.items()},
            **{str(status): _problem(status) for status in endpoint.statuses},
        },
        "security": [{"token": []}] if endpoint.scope else [],
    }
    if endpoint.scope:
        made["description"] = f"Needs the scope `{endpoint.scope}`."
    if endpoint.body is not None:
        made["requestBody"] = _body(endpoint.body)
    return made


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = []
    if "{orderId}" in endpoint.path:
        about = "The order id; a payment id, CheckoutRequestID or M-PESA receipt finds its payment, too."
        found.append(_parameter("orderId", "path", about, ORDER_REF, "1042", required=True))
    found += [_parameter(q.name, "query", q.meaning, q.schema, q.example) for q in endpoint.query]
    if endpoint.asks:
        about = "Your own name for this call. Repeated with the same inputs it never sends a second prompt."
        found.append(_parameter("Idempotency-Key", "header", about, text_schema(KEY_PATTERN), "call-1042-1"))
    if endpoint.name == "paymentEvents":
        about = "The id of the last event that came: goes on from there."
        schema = {"type": "integer", "minimum": 0, "maximum": 10**15}
        found.append(_parameter("Last-Event-ID", "header", about, schema, 57))
    return found


def _parameter(
    name: str, where: str, words: str, schema: Any, example: Any, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name, "in": where, "required": required, "description": words, "schema": schema, "example": example,
    }


def _body(fields: Sequence[Field]) -> dict[str, Any]:
    required = [field.name for field in fields if field.required]
    schema = {
        "type": "object",
        "properties": {field.name: field.schema | {"description": field.meaning} for field in fields},
        "additionalProperties": False,
        "example": {field.name: field.example for field in fields},
    }
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {JSON: {"schema": schema}}}


def _good(endpoint: Endpoint, words: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for form in endpoint.produces:
        content[form] = {"schema": reference(endpoint.document) if form == JSON else {"type": "string"}}
    made: dict[str, Any] = {"description": words, "content": content}
    if endpoint.headers:
        made["headers"] = {
            name: {"description": about, "schema": {"type": "string"}} for name, about in endpoint.headers.items()
        }
    return made


def _problem(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": _MEANS[status],
        "content": {PROBLEM_TYPE: {"schema": reference("problem")}},
    }
    named = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if named is not None:
        made["headers"] = {named: {"schema": {"type": "string"}}}
    return made
