"""Small faults for a program's text: every place where one can be put, and the text that has it.

The changed text keeps its lines where they were, so that what is known of a line stays true.
"""

import ast
import inspect
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from types import CodeType

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change of a text: where it stands (lines from 1), what was there, what is there now, and the whole text."""

    line: int
    last_line: int
    where: str  # the function, dotted
    old: str
    new: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Every fault that can be put into a text, in the order of its places."""
    tree = ast.parse(text)
    for node, where, forced in places(tree, (), False):
        old = ast.get_source_segment(text, node)
        for changed in (*changes(node), *(("True", "False") if forced else ())):
            new = changed if isinstance(changed, str) else ast.unparse(changed)
            whole = replaced(text, node, new)
            if old is not None and whole is not None:
                yield Mutant(
                    node.lineno, node.end_lineno or node.lineno, ".".join(where), " ".join(old.split()), new, whole
                )


def places(
    node: ast.AST, where: tuple[str, ...], decides: bool
) -> Iterator[tuple[ast.expr | ast.stmt, tuple[str, ...], bool]]:
    """The nodes that do something, and whether each is a condition: nothing that is for type checkers alone."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        return  # Python 3.11 does not say where the parts of an f-string are
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        where = (*where, node.name)
    if isinstance(node, ast.expr | ast.stmt):
        yield node, where, decides
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "bases", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                is_test = name == "test" and isinstance(node, ast.If)
                is_filter = name == "ifs" and isinstance(node, ast.comprehension)
                yield from places(child, where, is_test or is_filter)


def changes(node: ast.expr | ast.stmt) -> Iterator[ast.AST | str]:
    """What may stand in a node's place."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in COMPARISONS[type(operator)]:
                    changed = deepcopy(node)
                    changed.ops[at] = other()
                    yield changed
        case ast.BoolOp():
            changed = deepcopy(node)
            changed.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
            yield changed
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield repr(not node.value)
        case ast.Constant(value=int()):
            yield repr(node.value + 1)
            yield repr(node.value - 1)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return None"
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED:
            changed = deepcopy(node)
            changed.func = ast.Name(SWAPPED[name])
            yield changed
        case ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            pass  # for type checkers: nothing gets there
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "pass"
        case _:
            pass


def replaced(text: str, node: ast.expr | ast.stmt, new: str) -> str | None:
    """The text with other words in a node's place and as many lines as before; None where that is no program."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = "".join(lines[:first]) + lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode() + "".join(lines[last + 1 :])
    gap = "\n" * (last - first)
    whole = before + (f"({new}{gap})" if isinstance(node, ast.expr) else new + gap) + after
    try:
        ast.parse(whole)
    except SyntaxError:
        return None
    return whole


def only_inside_functions(was: CodeType, will: CodeType) -> bool:
    """Whether they differ in the bodies of functions alone, so that loaded functions can be given the new code."""

    def outside(code: CodeType) -> Iterator[object]:
        yield (
            code.co_code,
            [constant for constant in code.co_consts if not isinstance(constant, CodeType)],
            code.co_names,
        )
        for constant in code.co_consts:
            if isinstance(constant, CodeType) and not constant.co_flags & inspect.CO_OPTIMIZED:
                yield from outside(constant)

    return list(outside(was)) == list(outside(will))
