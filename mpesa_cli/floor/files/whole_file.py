"""A file for its owner only, that is there whole or not at all, and read without surprises."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from mpesa_cli.floor import machine

OnDisk = Literal["no", "content", "name"]
"""How far a file must have come when its writing returns. ``no``: whoever loses it in a power cut loses nothing.
``content``: after a power cut the file is the old one or the new one, whole. ``name``: it is the new one."""


def write_whole(path: Path, data: bytes | Iterable[bytes], *, on_disk: OnDisk = "name") -> None:
    """Put ``data``, or its parts one after the other, in the place of the file at ``path``. Raises OSError.

    Whoever reads meanwhile finds the old file or the new one. A link in its place is replaced, not followed.
    """
    # Named after the process, so that one killed here leaves a single file, which its namesake replaces.
    # Not tempfile: importing that costs more than writing this.
    scratch = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        scratch.unlink(missing_ok=True)
        handle = machine.open_private(scratch, new=True)
        with os.fdopen(handle, "wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
            if on_disk != "no":
                file.flush()
                os.fsync(handle)
        machine.put_in_place(scratch, path, on_disk=on_disk == "name")
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def read_small(path: Path, most_bytes: int, *, follow: bool = True) -> tuple[bytes, machine.Standing]:
    """At most one byte more than ``most_bytes`` of a file, and its standing. Raises OSError.

    Of what is no plain file nothing is read. Both are of the same file, whatever takes its name meanwhile.
    """
    handle = machine.open_to_read(path, follow=follow)
    try:
        standing = machine.standing(handle)
        return (os.read(handle, most_bytes + 1) if standing.is_regular else b""), standing
    finally:
        os.close(handle)
