"""The OpenAPI document as one page for people: no script, nothing from elsewhere, so it works offline."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; }
body { background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 0; display: inline; }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f3f3f0; border-radius: 3px; }
code { padding: 0 .25em; } pre { padding: .6em; overflow-x: auto; }
details { border: 1px solid #ccc; border-radius: 6px; padding: .5rem .8rem; margin: .6rem 0; }
summary { cursor: pointer; } .method { font-weight: 700; color: #00652e; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; }
td, th { border-top: 1px solid #ddd; padding: .25rem .5rem; text-align: left; vertical-align: top; }
nav a { margin-right: 1rem; white-space: nowrap; }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #e8e8e8; } code, pre { background: #262626; } .method { color: #58c98a; }
  details, td, th { border-color: #444; } a { color: #8ab4f8; }
}
"""


def docs_page(document: Mapping[str, Any], base: str) -> str:
    """The whole page. ``base`` is the address at which the reader found it, so that its commands can be pasted."""
    info = document["info"]
    operations = [
        (path, method, what) for path, methods in document["paths"].items() for method, what in methods.items()
    ]
    links = "".join(f'<a href="#{escape(what["operationId"])}">{escape(path)}</a> ' for path, _, what in operations)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>",
        '<p>For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>',
        f"<nav>{links}</nav>",
        *(_operation(base, path, method, what) for path, method, what in operations),
        "<h1>Documents</h1>",
        *(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
    ]
    return "\n".join(parts) + "\n"


def _operation(base: str, path: str, method: str, what: Mapping[str, Any]) -> str:
    parts = [
        f'<details id="{escape(what["operationId"])}" open>',
        f"<summary><span class=method>{method.upper()}</span>",
        f"<h2><code>{escape(path)}</code></h2> {escape(what['summary'])}</summary>",
        f"<p>{_words(what.get('description', 'Open to everybody.'))}</p>",
        _table("parameter", _parameter_rows(what)),
        _table("field of the body", _body_rows(what)),
        f"<pre>{escape(_curl(base + path, method, what))}</pre>",
        _table("status", [(status, _answer(answer)) for status, answer in what["responses"].items()]),
        "</details>",
    ]
    return "\n".join(part for part in parts if part)


def _parameter_rows(what: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{p['name']} ({p['in']}{', required' if p['required'] else ''})", _words(p["description"]))
        for p in what["parameters"]
    ]


def _body_rows(what: Mapping[str, Any]) -> list[tuple[str, str]]:
    schema = _body_schema(what)
    needed = schema.get("required", [])
    return [
        (name + (" (required)" if name in needed else ""), f"{_words(field['description'])} {_kind(field)}")
        for name, field in schema.get("properties", {}).items()
    ]


def _body_schema(what: Mapping[str, Any]) -> Mapping[str, Any]:
    content = what.get("requestBody", {}).get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def _answer(answer: Mapping[str, Any]) -> str:
    forms = ", ".join(f"<code>{escape(form)}</code>" for form in answer["content"])
    return f"{_words(answer['description'])} {forms}"


def _curl(url: str, method: str, what: Mapping[str, Any]) -> str:
    lines = [f"curl {'-X POST ' if method == 'post' else ''}{url.replace('{orderId}', '1042')}"]
    if what["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if schema := _body_schema(what):
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(schema['example'])}'")
    return " \\\n  ".join(lines)


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = [
        (member, f"{_words(field.get('description', ''))} {_kind(field)}")
        for member, field in schema.get("properties", {}).items()
    ]
    heading = f'<details id="schema-{escape(name)}"><summary><h2>{escape(name)}</h2></summary>'
    return f"{heading}{_table('field', rows)}</details>"


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "One of " + ", ".join(f"<code>{escape(str(choice))}</code>" for choice in schema["enum"]) + "."
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}."
    return ""


def _table(heading: str, rows: list[tuple[str, str]]) -> str:
    """``rows`` hold plain text and HTML."""
    if not rows:
        return ""
    lines = "".join(f"<tr><td><code>{escape(name)}</code><td>{words}" for name, words in rows)
    return f"<table><tr><th>{escape(heading)}<th>means{lines}</table>"


def _words(text: str) -> str:
    """Plain words with `code` in them, as HTML."""
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    for number, piece in enumerate(text.split("`")):
        yield f"<code>{escape(piece)}</code>" if number % 2 else escape(piece)
