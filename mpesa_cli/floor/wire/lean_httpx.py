"""httpx without its command line. Import httpx from here first, and this inside functions.

httpx imports its own command line, and with it click, rich and pygments, whenever it is imported
(encode/httpx#3547), which about doubles what that costs. An empty stand-in in its place spares it.
"""

import sys
import types

if "httpx" not in sys.modules:
    _no_command_line = types.ModuleType("httpx._main")
    _no_command_line.main = lambda: None  # type: ignore[attr-defined]
    sys.modules["httpx._main"] = _no_command_line

import httpx

__all__ = ["httpx"]
