"""The page's style and script, served from the port of the page itself: it needs nothing from elsewhere."""

from functools import cache
from pathlib import Path
from typing import NamedTuple


class PageFile(NamedTuple):
    """A file of the page."""

    content: bytes
    media_type: str


@cache
def page_files() -> dict[str, PageFile]:
    """The files by their paths on the server."""
    kinds = {"owner.css": "text/css", "owner.js": "text/javascript"}
    here = Path(__file__)
    return {f"/{name}": PageFile(here.with_name(name).read_bytes(), kind) for name, kind in kinds.items()}
