"""What differs from one operating system to another stands in one package, and nowhere else in the program."""

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path, PureWindowsPath

import pytest

import mpesa_cli
from mpesa_cli.floor import machine
from mpesa_cli.floor.machine import commands, windows_commands

PACKAGE = Path(mpesa_cli.__file__).parent
ROOM = PACKAGE / "floor" / "machine"

# What Windows has not, or has with another meaning: a mode there says nothing of who may read, and a file that is
# opened without O_BINARY gets its line breaks changed.
OF_OS = {
    "open", "umask", "chmod", "fchmod", "lchmod", "chown", "fchown", "statvfs", "fstatvfs", "pread", "pwrite", "preadv",
    "pwritev", "link", "symlink", "geteuid", "getuid", "getgid", "getegid", "getlogin", "uname", "fork", "forkpty",
    "kill", "killpg", "getpgid", "setsid", "getppid", "mkfifo", "mknod", "sync", "fdatasync", "sched_getaffinity",
    "register_at_fork", "wait", "waitpid", "openpty", "ttyname", "get_blocking", "set_blocking", "startfile", "execv",
    "replace", "rename", "ST_RDONLY", "WNOHANG", "sysconf", "getloadavg", "nice",
}
OF_PATHS = {"chmod", "lchmod", "owner", "group", "hardlink_to", "symlink_to", "is_mount"}
OF_SIGNALS = {"SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGWINCH", "SIGKILL", "SIGTSTP", "SIGCONT", "SIGALRM",
              "SIGQUIT", "SIGBREAK", "CTRL_C_EVENT", "CTRL_BREAK_EVENT", "alarm", "setitimer", "pthread_sigmask",
              "siginterrupt"}
OF_STATUS = {"st_mode", "st_uid", "st_gid", "st_file_attributes"}
OF_TEXTS = ("/proc/", "/sys/", "/dev/")
OF_LOOPS = {"add_signal_handler", "remove_signal_handler", "SelectorEventLoop", "ProactorEventLoop"}
MODULES = {"fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "select", "msvcrt", "winreg", "ctypes",
           "_winapi", "nt", "posix"}
SYSTEMS = {"sys.platform", "os.name", "platform.system", "socket.SO_REUSEADDR", "socket.SO_REUSEPORT",
           "socket.SO_EXCLUSIVEADDRUSE", "shutil.disk_usage", "asyncio.run", "asyncio.Runner"}

ALLOWED = {
    ("books/statements/source.py", "st_mode"),  # only whether it is a folder or a plain file, as Windows says it too
}


def promised(half: str, parts: Set[str]) -> dict[str, str]:
    """The public names in these parts of a half, each with its parameters and what it returns."""
    found = {}
    for path in sorted(ROOM.glob(f"{half}_*.py")):
        if path.stem.partition("_")[2] not in parts:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.FunctionDef(name=name, args=args, returns=returns):
                    found[name] = f"{ast.unparse(args)} -> {ast.unparse(returns) if returns else None}"
                case ast.ClassDef(name=name, body=body):
                    found[name] = " ".join(ast.unparse(each) for each in body if isinstance(each, ast.AnnAssign))
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    found[name] = "a value"
    return {name: parameters for name, parameters in found.items() if not name.startswith("_")}


def test_both_halves_promise_the_same() -> None:
    for parts, facade in (({"files", "process"}, machine), ({"commands"}, commands)):
        assert promised("posix", parts) == promised("windows", parts)
        assert set(promised("posix", parts)) == set(facade.__all__)


def told_of_systems(text: str) -> Iterator[str]:
    """The names in a module that one system understands otherwise than another."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from ({alias.name.partition(".")[0] for alias in names} & MODULES)
            case ast.ImportFrom(module=module, names=names):
                yield from ({str(module).partition(".")[0]} & MODULES)
                yield from ({f"{module}.{alias.name}" for alias in names} & SYSTEMS)
            case ast.Attribute(value=value, attr=attr):
                owner = ast.unparse(value)
                if owner == "os" and (attr in OF_OS or attr.startswith("O_")):
                    yield f"os.{attr}"
                elif owner == "signal" and attr in OF_SIGNALS:
                    yield f"signal.{attr}"
                elif f"{owner}.{attr}" in SYSTEMS:
                    yield f"{owner}.{attr}"
                elif attr in OF_STATUS | OF_LOOPS or (attr in OF_PATHS and owner not in {"os", "self"}):
                    yield attr
            case ast.Constant(value=str(words)):
                yield from (each for each in OF_TEXTS if words.startswith(each))


def test_only_one_package_knows_what_differs_between_systems() -> None:
    elsewhere = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py") if ROOM not in path.parents
        for name in told_of_systems(path.read_text(encoding="utf-8"))
    }
    assert elsewhere == ALLOWED


OF_A_SHELL = re.compile(
    r"(?<![\w-])(?<!mpesa )(chmod|export (?=[A-Z{])|ls -|df -|fuser|systemctl|timedatectl|journalctl|ss -|wc -|rm |mv "
    r"|sudo|cp (?=[{/P])|icacls|\$env:|Get-|Copy-Item)"
)


def words_of_a_shell(text: str) -> Iterator[str]:
    """The commands of one system's shell that the texts of a module name; its docstrings are not shown to anybody."""
    module = ast.parse(text)
    documented = {
        id(node.body[0].value) for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield from (found[1] for found in OF_A_SHELL.finditer(node.value))


def test_no_text_names_a_command_that_only_one_system_has() -> None:
    elsewhere = {
        (path.relative_to(PACKAGE).as_posix(), word)
        for path in PACKAGE.rglob("*.py") if ROOM not in path.parents
        for word in words_of_a_shell(path.read_text(encoding="utf-8"))
    }
    assert elsewhere == set()
    assert list(words_of_a_shell('hint = f"Look: ls -ld {path}"')) == ["ls -"]


def test_a_path_with_a_space_or_an_apostrophe_is_one_word_to_powershell() -> None:
    path = PureWindowsPath(r"C:\Users\O'Brien\My shop\ledger.db")
    quoted = r"'C:\Users\O''Brien\My shop\ledger.db'"
    assert windows_commands.look(path) == f"icacls {quoted}"
    assert windows_commands.copy(path, f"{path}.damaged") == f"Copy-Item {quoted} {quoted[:-1]}.damaged'"
    assert windows_commands.set_variable("MPESA_HOME", str(path)) == f"$env:MPESA_HOME = {quoted}"


@pytest.mark.parametrize(
    "line", ["import fcntl", "from msvcrt import locking", "os.open(p, os.O_RDONLY)", "os.umask(0)", "os.statvfs(p)",
             "os.pread(1, 2, 3)", "os.link(a, b)", "os.geteuid()", "path.chmod(0o600)", "signal.SIGHUP",
             "loop.add_signal_handler(1, f)", "if sys.platform == 'win32': pass", "Path('/proc/self')", "s.st_uid",
             "os.replace(a, b)"],
)
def test_the_guard_sees_what_it_forbids(line: str) -> None:
    assert list(told_of_systems(line)) != []
