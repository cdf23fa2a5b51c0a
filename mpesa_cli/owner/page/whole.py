"""The page whole, as a browser first loads it; afterwards only its parts come."""

from collections.abc import Mapping
from html import escape

from mpesa_cli.owner.page.parts import IDS

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/owner.css">
{more}</head>
"""
_LIVE = '<script src="/owner.js" defer></script>\n<noscript><meta http-equiv="refresh" content="60"></noscript>\n'
_LIST = "mpesa owner list"


def head_of(title: str, more: str = "") -> str:
    """The head of a page of ours."""
    return _HEAD.format(title=escape(title), more=more)


def whole_page(title: str, label: str, parts: Mapping[str, str], viewer: str) -> str:
    """The page. ``label`` says that no real money is meant, empty where it is; ``viewer`` names the browser."""
    trial = f'<p class="trial">{escape(label)}</p>' if label else ""
    sections = "".join(f'<section id="{name}">{parts.get(name, "")}</section>\n' for name in IDS if name != "status")
    return (
        f"{head_of(title, _LIVE)}<body>\n<header>{trial}<h1>{escape(title)}</h1>\n"
        f'<div id="status">{parts.get("status", "")}</div>\n'
        '<p id="live" role="status">Not live: load it again to see what has changed.</p></header>\n'
        f"<main>\n{sections}</main>\n"
        f'<footer><p>This page only shows; nothing can be done on it. Times are Nairobi\'s. Seen by <em>'
        f"{escape(viewer)}</em>; to end that: <code>{_LIST}</code></p></footer>\n</body>\n</html>\n"
    )
