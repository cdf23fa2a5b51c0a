"""The check of the machine: a sound SQLite, a local disk with room, files for their owner alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor.machine import commands, file_system_of, free_bytes, standing
from mpesa_cli.settings.paths import Paths
from mpesa_cli.settings.profile import Profile
from mpesa_cli.upkeep.findings import Finding

SQLITE_NEEDED = (3, 37, 0)  # STRICT tables
# Two connections that checkpoint while a third writes could damage a file; sqlite.org told of it with 3.51.3.
SQLITE_WITHOUT_RESET_BUG = (3, 51, 3)
_NETWORKED = ("nfs", "cifs", "smb", "9p", "fuse.", "ceph", "glusterfs", "afs", "lustre", "ocfs2", "gfs2")
_LOW_BYTES, _FULL_BYTES = 1 << 30, 64 << 20


def machine(profile: Profile, paths: Paths) -> Iterator[Finding]:
    """Every check of the machine, in the order in which they are shown."""
    yield _sqlite()
    if profile.database is not None:
        yield _permissions(profile, paths)
        return
    folder = next(each for each in (profile.ledger.parent, *profile.ledger.parents) if each.exists())
    yield _file_system(folder)
    yield _space(folder)
    yield _permissions(profile, paths)


def _sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Finding:
    name = "SQLite " + ".".join(map(str, version))
    if version < SQLITE_NEEDED:
        return Finding("sqlite", "fail", f"{name} is too old: the ledger needs 3.37.", commands.PYTHON_VERSION)
    if version < SQLITE_WITHOUT_RESET_BUG:
        return Finding(
            "sqlite", "ok", f"{name}. Two checkpoints at once could damage a file with it; "
            "here they are made one at a time, so never write the ledger with another program.",
        )
    return Finding("sqlite", "ok", f"{name}.")


def _file_system(folder: Path) -> Finding:
    kind = file_system_of(folder)
    if kind.startswith(_NETWORKED):
        return Finding(
            "file-system", "fail", f"The ledger is on {kind}, a network file system: its locks can't be relied on, and "
            "two processes could damage it.", commands.kind_of_disk(folder),
        )
    if kind in {"tmpfs", "ramfs"}:
        words = f"The ledger is on {kind}: it is gone at the next restart."
        return Finding("file-system", "warn", words, commands.kind_of_disk(folder))
    return Finding("file-system", "ok", f"The ledger is on a local disk{f' ({kind})' if kind else ''}.")


def _space(folder: Path) -> Finding:
    free = free_bytes(folder)
    words = f"{free >> 20:,} MB are free where the ledger is"
    if free < _FULL_BYTES:
        return Finding("space", "fail", f"{words}: no prompt goes out any more.", commands.room(folder))
    if free < _LOW_BYTES:
        return Finding("space", "warn", f"{words}. Below 64 MB no prompt goes out any more.", commands.room(folder))
    return Finding("space", "ok", f"{words}.")


def _permissions(profile: Profile, paths: Paths) -> Finding:
    """Folders and files of ours that others may read, or that belong to somebody else."""
    kept = [path for path in profile.ledger.parent.glob(profile.ledger.name + "*") if path.is_file()]
    kept += [path for folder in (paths.config_dir / "secrets", paths.cache_dir, paths.state_dir) if folder.is_dir()
             for path in folder.rglob("*")]
    for path in (profile.ledger.parent, *kept):
        if not path.exists():
            continue
        stands = standing(path)
        if not stands.is_ours:
            words = f"{path} belongs to another user, who may read it or lock you out."
            return Finding("permissions", "fail", words, commands.look_at_folder(path))
        if stands.is_regular and not stands.is_private:
            words = f"{path} can be read by others: it may hold customers' numbers, or secrets."
            return Finding("permissions", "fail", words, commands.make_file_private(path))
        if path == profile.ledger.parent and not stands.is_private:
            words = f"The folder {path} is open to others."
            return Finding("permissions", "warn", words, commands.make_folder_private(path))
    return Finding("permissions", "ok", "Ledger, secrets and caches are readable by their owner only.")
