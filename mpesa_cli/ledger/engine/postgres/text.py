"""The one SQL text in PostgreSQL's words: placeholders, patterns, comparisons with NULL, types of columns.

The text is SQLite's (engine/dialect.py). What can't be said by other words (``instr``, ``json_extract``) are functions
of the ledger's schema (functions.py).
"""

import re
from functools import lru_cache

_QUOTED = re.compile(r"""('(?:[^']|'')*'|"[^"]*")""")
_LISTED = re.compile(r"(NOT )?IN \(SELECT (value|CAST\(value AS INTEGER\)) FROM json_each\((\?|:\w+)\)\)")
_WORDS = (
    (re.compile(r"\bCROSS JOIN\b"), "JOIN"),  # SQLite takes it as "in this order"; here it takes no condition
    (re.compile(r"\bIS NOT (?!NULL\b|DISTINCT\b)"), "IS DISTINCT FROM "),
    (re.compile(r"\bIS (?!NOT\b|NULL\b|DISTINCT\b)(?=[a-z])"), "IS NOT DISTINCT FROM "),
    (re.compile(r"(?<=[\s(,])\+(?=[a-z])"), ""),  # a hint for SQLite's planner
    (re.compile(r"\bAS INTEGER\)"), "AS BIGINT)"),
    (re.compile(r"\bCAST\((\w+) AS TEXT\)"), r"encode(\1, 'escape')"),  # of bodies only
    (re.compile(r"\bAS BLOB\)"), "AS BYTEA)"),
    (re.compile(r"\bNOT GLOB\b"), "!@~"),
    (re.compile(r"\bGLOB\b"), "@~"),
    (re.compile(r"(?<!:):(\w+)"), r"%(\1)s"),
    (re.compile(r"\?"), "%s"),
)
_TYPES = (
    (re.compile(r"\bINTEGER\b"), "BIGINT"),
    (re.compile(r"\bBLOB\b"), "BYTEA"),
    (re.compile(r"\bTEXT\b"), 'TEXT COLLATE "C"'),  # compared by bytes, as SQLite does
    (re.compile(r"\)\s*(STRICT|WITHOUT ROWID)(,\s*(STRICT|WITHOUT ROWID))?\s*$"), ")"),
    (re.compile(r"[\[\]]"), '"'),
)
_IN_ORDER = ("attempts", "callbacks")
"""Tables that are asked in the order in which their rows came: by SQLite's own number of a row."""


@lru_cache(maxsize=2_048)
def in_postgres(sql: str) -> str:
    """A statement of the one text as psycopg takes it."""
    if sql.lstrip().startswith(("CREATE ", "ALTER ", "DROP ")):
        return definition(sql).replace("%", "%%")
    pieces = _QUOTED.split(_LISTED.sub(_as_array, sql))
    for index in range(0, len(pieces), 2):
        plain = pieces[index].replace("%", "%%")
        literal = pieces[index + 1] if index + 1 < len(pieces) else ""
        if literal == "''" and plain.endswith("x"):
            plain, pieces[index + 1] = plain[:-1], "''::bytea"
        elif literal.startswith("'") and plain.rstrip().endswith("GLOB"):
            without = plain.rstrip().removesuffix("GLOB").rstrip()
            negated = without.endswith("NOT")
            plain = without.removesuffix("NOT") + (" !~ " if negated else " ~ ")
            pieces[index + 1] = f"'{regular(literal[1:-1])}'"
        for pattern, words in _WORDS:
            plain = pattern.sub(words, plain)
        pieces[index] = plain
        if index + 1 < len(pieces):
            pieces[index + 1] = pieces[index + 1].replace("%", "%%")
    # What SQLite counts from 1 is a yes or a no here.
    return re.sub(r"(instr\([^()]*\)) > 0", r"\1", "".join(pieces))


def definition(sql: str) -> str:
    """A definition of a table, index or column in PostgreSQL's words."""
    bare = re.sub(r"--[^\n]*", "", sql).strip()
    pieces = _QUOTED.split(bare)
    for index in range(0, len(pieces), 2):
        plain = pieces[index]
        for pattern, words in _TYPES:
            plain = pattern.sub(words, plain)
        literal = pieces[index + 1] if index + 1 < len(pieces) else ""
        if literal == "''" and plain.endswith("x"):
            plain, pieces[index + 1] = plain[:-1], "''::bytea"
        elif literal.startswith("'") and plain.rstrip().endswith("GLOB"):
            plain = plain.rstrip().removesuffix("GLOB") + "~ "
            pieces[index + 1] = f"'{regular(literal[1:-1])}'"
        pieces[index] = plain
    made = re.sub(r"(instr\([^()]*\)) > 0", r"\1", "".join(pieces))
    table = re.match(r'CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?', made)
    if table and table[1] in _IN_ORDER:
        made = made.rstrip()[:-1] + ", rowid BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE)"
    return made


def regular(pattern: str) -> str:
    """A pattern of SQLite's GLOB as a regular expression of PostgreSQL's, for a literal."""
    found, index = ["^"], 0
    while index < len(pattern):
        letter = pattern[index]
        if letter == "[":
            end = pattern.index("]", index + 2)
            found.append(pattern[index : end + 1])
            index = end
        else:
            found.append({"*": ".*", "?": "."}.get(letter, re.escape(letter)))
        index += 1
    return "".join((*found, "$"))


def _as_array(listed: re.Match[str]) -> str:
    kind = "json_texts" if listed[2] == "value" else "json_numbers"
    return f"{'<> ALL' if listed[1] else '= ANY'} ({kind}({listed[3]}))"
