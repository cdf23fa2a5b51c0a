"""The commands of Windows' PowerShell that hints name."""

from pathlib import PurePath

A_FOLDER = r"C:\folder\you\may\write"
A_LEDGER = r"C:\shop\shop.db"
PRIVATE_FILE = r"C:\path\of\a\file (one that only you may read)"
HOW_PRIVATE = "in a folder that only you may read"
CLOCK = "w32tm /query /status"
PYTHON_VERSION = "py --version"


def this_python() -> str:
    """The Python that python.org's installer leaves on PATH: a quoted path would be a text to PowerShell."""
    return "py"


def look(path: PurePath) -> str:
    """Show who owns a file and who may use it."""
    return f"icacls {_quoted(path)}"


def look_at_folder(path: PurePath) -> str:
    """The same of a folder itself."""
    return look(path)


def make_file_private(path: PurePath) -> str:
    """Let nobody but this user read or write a file."""
    return f'icacls {_quoted(path)} /inheritance:r /grant:r "${{env:USERNAME}}:F"'


def make_folder_private(path: PurePath) -> str:
    """The same of a folder, and of what will be in it."""
    return f'icacls {_quoted(path)} /inheritance:r /grant:r "${{env:USERNAME}}:(OI)(CI)F"'


def size(path: PurePath) -> str:
    """Show how many bytes a file has."""
    return f"Get-Item {_quoted(path)}"


def room(folder: PurePath) -> str:
    """Show how much room each disk has."""
    return "Get-Volume"


def kind_of_disk(folder: PurePath) -> str:
    """Show of which kind each disk is."""
    return "Get-Volume"


def who_holds(path: PurePath) -> str:
    """Show which processes of ours run: which of them has a file open, Windows does not say."""
    return "Get-Process mpesa, python"


def who_listens(port: int) -> str:
    """Show which process listens on a port."""
    return f"Get-NetTCPConnection -State Listen -LocalPort {port}"


def fetch(url: str, *, head: bool = False) -> str:
    """Show what a web address answers, or only its head. Not PowerShell's own ``curl``, which is another program."""
    return f"curl.exe {'-sSI' if head else '-sS'} {url}"


def set_variable(name: str, value: str) -> str:
    """Set a variable for the commands that follow."""
    return f"$env:{name} = {_quoted(value)}"


def with_variable(name: str, value: str, command: str) -> str:
    """Run one command with a variable."""
    return f"{set_variable(name, value)}; {command}"


def remove(path: PurePath) -> str:
    """Take a file away."""
    return f"Remove-Item {_quoted(path)}"


def copy(path: PurePath, to: str) -> str:
    """Copy a file."""
    return f"Copy-Item {_quoted(path)} {_quoted(to)}"


def copy_all(path: PurePath, to: str) -> str:
    """Copy a file and what lies beside it under its name."""
    return f"Copy-Item {_quoted(f'{path}*')} {_quoted(to)}"


def move(path: PurePath, to: str) -> str:
    """Rename a file."""
    return f"Move-Item {_quoted(path)} {_quoted(to)}"


def move_aside(path: PurePath, folder: PurePath) -> str:
    """Move a file and what lies beside it under its name into a new folder."""
    return f"mkdir {_quoted(folder)}; Move-Item {_quoted(f'{path}*')} {_quoted(folder)}"


def _quoted(text: object) -> str:
    """As PowerShell takes a text literally."""
    return "'" + str(text).replace("'", "''") + "'"
