"""A result in a file of its own: whole or not at all, for its owner only, never over another by mistake."""

import os
from collections.abc import Iterable
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.floor.files.whole_file import write_whole


def write_new_file(path: Path, data: bytes | Iterable[bytes], *, overwrite: bool, again: str, stands: str) -> None:
    """Write ``data``, or its parts one after the other, to ``path`` with mode 0600, on disk when this returns.

    ``again`` is the command that does it, ``stands`` a sentence about what a failure leaves as it was. Raises
    Conflict where the file exists and ``overwrite`` is false, InvalidInput where it can't be written.
    """
    kept = overwrite
    try:
        if not overwrite:
            # Taking the name first makes two writers at once notice each other.
            os.close(machine.open_private(path, new=True))
        try:
            write_whole(path, data, on_disk="content")
            kept = True
        finally:
            if not kept:
                path.unlink()
    except FileExistsError:
        raise Conflict(
            f"{path} exists already, and was left as it is.",
            hint=f"Choose another name, or write over it: {again} --force",
            code="file-exists",
        ) from None
    except OSError as refused:
        raise InvalidInput(
            f"{path} can't be written: {refused.strerror}.",
            hint=f"{stands} Choose another place, then: {again}",
            code="file-unwritable",
        ) from refused
