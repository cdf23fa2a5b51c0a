"""What a process would do anew each time and the machine does once: reading options off functions. Not a test."""

import functools
import gc
import importlib
import pkgutil
from typing import Any

import typer.main

import mpesa_cli
from mpesa_cli.cli import app, tree


@functools.cache
def prepare() -> None:
    """Load the whole program, so that what is replaced is replaced everywhere; keep its commands once made."""
    for module in pkgutil.walk_packages(mpesa_cli.__path__, "mpesa_cli."):
        if not module.name.endswith("__main__") and "machine.windows" not in module.name:
            importlib.import_module(module.name)
    build, get_command = tree.Entry.build, typer.main.get_command
    made: dict[str, Any] = {}
    root: list[Any] = []

    def built_once(entry: Any, name: str) -> Any:
        if name not in made:
            made[name] = build(entry, name)
        return made[name]

    def made_once(instance: Any) -> Any:
        if instance is not app.app:
            return get_command(instance)
        if not root:
            root.append(get_command(instance))
        return root[0]

    tree.Entry.build = built_once  # type: ignore[method-assign]
    typer.main.get_command = made_once
    gc.collect()
    gc.freeze()
