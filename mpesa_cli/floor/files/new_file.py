"""A result in a file of its own: whole or not at all, for its owner only, never over another by mistake."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from mpesa_cli.floor.errors import Conflict, InvalidInput


def write_new_file(path: Path, data: bytes | Iterable[bytes], *, overwrite: bool, again: str, stands: str) -> None:
    """Write ``data``, or its parts one after the other, to ``path`` with mode 0600, on disk when this returns.

    ``again`` is the command that does it, ``stands`` a sentence about what a failure leaves as it was. Raises
    Conflict where the file exists and ``overwrite`` is false, InvalidInput where it can't be written.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    kept = overwrite
    try:
        if not overwrite:
            # Taking the name first makes two writers at once notice each other.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            _write(scratch, data)
            scratch.replace(path)
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
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    path.unlink(missing_ok=True)  # left by a process of this number that died
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.writelines((data,) if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(handle)
