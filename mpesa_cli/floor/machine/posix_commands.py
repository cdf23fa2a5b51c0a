"""The commands of a POSIX shell that hints name. Paths are given as they are."""

import shlex
import sys
from pathlib import PurePath

A_FOLDER = "/folder/you/may/write"
A_LEDGER = "/var/lib/mpesa/shop.db"
PRIVATE_FILE = "/path/of/a/file (chmod 600)"
HOW_PRIVATE = "chmod 600"
CLOCK = "timedatectl"
PYTHON_VERSION = "python3 --version"


def this_python() -> str:
    """The Python that runs this program."""
    return shlex.quote(sys.executable or "python3")


def look(path: PurePath) -> str:
    """Show who owns a file and who may use it."""
    return f"ls -l {path}"


def look_at_folder(path: PurePath) -> str:
    """The same of a folder itself."""
    return f"ls -ld {path}"


def make_file_private(path: PurePath) -> str:
    """Let nobody but the owner read or write a file."""
    return f"chmod 600 {path}"


def make_folder_private(path: PurePath) -> str:
    """The same of a folder."""
    return f"chmod 700 {path}"


def size(path: PurePath) -> str:
    """Show how many bytes a file has."""
    return f"wc -c {path}"


def room(folder: PurePath) -> str:
    """Show how much room a disk has."""
    return f"df -h {folder}"


def kind_of_disk(folder: PurePath) -> str:
    """Show of which kind a disk is."""
    return f"df -T {folder}"


def who_holds(path: PurePath) -> str:
    """Show which processes have a file open."""
    return f"fuser {path}"


def who_listens(port: int) -> str:
    """Show which process listens on a port."""
    return f"ss -ltnp 'sport = :{port}'"


def fetch(url: str, *, head: bool = False) -> str:
    """Show what a web address answers, or only its head."""
    return f"curl {'-sSI' if head else '-sS'} {url}"


def set_variable(name: str, value: str) -> str:
    """Set a variable for the commands that follow."""
    return f"export {name}={value}"


def with_variable(name: str, value: str, command: str) -> str:
    """Run one command with a variable."""
    return f"{name}={value} {command}"


def remove(path: PurePath) -> str:
    """Take a file away."""
    return f"rm {path}"


def copy(path: PurePath, to: str) -> str:
    """Copy a file."""
    return f"cp {path} {to}"


def copy_all(path: PurePath, to: str) -> str:
    """Copy a file and what lies beside it under its name."""
    return f"cp {path}* {to}"


def move(path: PurePath, to: str) -> str:
    """Rename a file."""
    return f"mv {path} {to}"


def move_aside(path: PurePath, folder: PurePath) -> str:
    """Move a file and what lies beside it under its name into a new, private folder."""
    return f"mkdir -m 700 {folder} && mv {path}* {folder}/"
