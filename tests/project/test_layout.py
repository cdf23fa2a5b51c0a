"""The shape of the tree: who imports whom, how long a file may be, what must never be in it."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mpesa_cli"
LINES_MAX = 300
WRITTEN = {".py", ".md", ".toml", ".txt", ".json", ".html", ".csv", ".conf", ".sh", ".yml"}
# The simulator's numbers; the digits in ascending order and round numbers, which examples use; Safaricom's own
# example with one digit changed; the account number that the shop publishes; all ten digits in a row.
NUMBERS_ALLOWED = re.compile(
    r"254708374149|254711111111|2547000\d{5}|2547222000\d\d"
    r"|254[17]12345678|254\d{3}00000\d|254712374149|254740271041|254123456789"
)
NUMBER = re.compile(r"(?<![\w.])(?:\+?254|0)[\s-]?([17]\d{2}[\s-]?\d{3}[\s-]?\d{3})(?![\w.])")
# Put together from parts, so that this file does not hold what it looks for.
MACHINE = re.compile("|".join(["/wo" + r"rk/", "/ro" + r"ot\b", "/home/(?!user|shop|mpesa)[a-z]"]))
KEY_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\batsk_[0-9a-f]{40,}"
)


def tracked() -> Iterator[Path]:
    """Every written file that belongs to the project."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any((p.startswith(".") and p != ".ci") or p in {"__pycache__", "build", "dist"} for p in parts)
        if path.is_file() and not hidden and (path.suffix in WRITTEN or parts[0] == ".ci"):
            yield path


def text_of(path: Path) -> str:
    """A file's text; statements among the tests come in the encodings that spreadsheets write."""
    raw = path.read_bytes()
    return raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8", errors="replace")


def named(paths: Iterator[Path] | list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_the_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    if not lint_imports.exists():
        pytest.skip("import-linter is not installed (CI runs it: .ci/run)")
    done = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = CONTRACTS[0]
MODULES_MAX, IMPORTS_BETWEEN_FEATURES_MAX = 25, 30


def test_a_room_below_never_imports_one_above() -> None:
    """The contract once more in a few lines, for a machine without import-linter."""
    layers = [{name.split(".")[1] for name in re.split("[|:]", layer.replace(" ", ""))} for layer in LAYERS["layers"]]
    rank = {room: place for place, layer in enumerate(layers) for room in layer}
    assert set(rank) == {path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {"runtime"}
    upward = {
        (module, imported)
        for path in PACKAGE.rglob("*.py")
        for module in [".".join(path.relative_to(PACKAGE).with_suffix("").parts)]
        for imported in imported_modules(path)
        if rank.get(imported.split(".")[0], 99) < rank.get(module.split(".")[0], -1)
    }
    assert upward == set()


def test_features_take_little_from_each_other_and_every_line_says_so() -> None:
    allowed = CONTRACTS[1]["ignore_imports"]
    assert len(allowed) <= IMPORTS_BETWEEN_FEATURES_MAX
    features = {name.split(".")[1] for name in CONTRACTS[1]["modules"]}
    found = {
        f"mpesa_cli.{module} -> mpesa_cli.{imported}"
        for module, every in graph().items()
        for imported in every
        if {module.split(".")[0], imported.split(".")[0]} <= features and module.split(".")[0] != imported.split(".")[0]
    }
    assert found == set(allowed)


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports for types and those inside functions count: who reads one module of a circle has to read all."""
    edges = graph()
    left = {module: {each for each in every if each in edges} for module, every in edges.items()}
    while ends := {module for module, every in left.items() if not every}:
        left = {module: every - ends for module, every in left.items() if module not in ends}
    while starts := left.keys() - set().union(*left.values()) if left else set():
        left = {module: every for module, every in left.items() if module not in starts}
    assert sorted(left) == []


def test_no_folder_holds_more_than_can_be_taken_in() -> None:
    modules = Counter(path.parent for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    assert {folder.name: count for folder, count in modules.items() if count > MODULES_MAX} == {}


def graph() -> dict[str, set[str]]:
    """Which modules each module imports; of itself it speaks not."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        found[module] = imported_modules(path) - {module}
    return found


def imported_modules(path: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in it, without ``mpesa_cli.``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            names = [name if (ROOT / f"{name.replace('.', '/')}.py").exists() else node.module for name in inner]
        found |= {name.removeprefix("mpesa_cli.") for name in names if name.startswith("mpesa_cli.")}
    return found


def test_no_file_is_longer_than_one_idea() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert named([path for path, lines in sizes.items() if lines > LINES_MAX]) == []


def test_everything_public_says_what_it_does() -> None:
    silent = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        silent += [f"{path.relative_to(ROOT)}: {name}" for name, node in public(tree) if not ast.get_docstring(node)]
    assert silent == []


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """The module, its public classes and functions, and the public methods of public classes."""
    yield "module", tree
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node
            for method in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def test_nothing_is_left_to_do() -> None:
    later = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + "X|HA" + r"CK)\b")
    left = []
    for path in (p for p in tracked() if p.suffix == ".py"):
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        said = [t for t in tokens if t.type in {tokenize.COMMENT, tokenize.STRING} and later.search(t.string)]
        left += [f"{path.relative_to(ROOT)}:{token.start[0]}" for token in said]
    assert left == []


def test_no_number_of_a_person_is_in_the_tree() -> None:
    found = []
    for path in tracked():
        for match in NUMBER.finditer(text_of(path)):
            number = "254" + re.sub(r"[\s-]", "", match[1])
            if not NUMBERS_ALLOWED.fullmatch(number):
                found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert found == []


def test_no_key_and_no_path_of_a_machine_is_in_the_tree() -> None:
    found = []
    for path in tracked():
        for shape in (KEY_SHAPES, MACHINE):
            found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in shape.finditer(text_of(path))]
    assert found == []


def test_no_room_for_odds_and_ends() -> None:
    assert named([p for p in PACKAGE.rglob("*.py") if p.stem in {"utils", "util", "helpers", "common", "misc"}]) == []


def test_test_files_have_names_of_their_own() -> None:
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, times in names.items() if times > 1] == []
    assert named(list((ROOT / "tests").rglob("__init__.py"))) == []


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling is not installed here; .ci/run checks the wheel it built")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == {"mpesa_cli"}
    expected = (".py", ".json", ".css", ".js")
    assert not [name for name in inside if not name.endswith(expected) and ".dist-info/" not in name]
