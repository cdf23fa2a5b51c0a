"""Writes the parts of the documentation that the code already knows, so that they can't go stale.

``python docs/generate.py`` writes them; ``python docs/generate.py --check`` exits 1 and names the files
that differ from what it would write.
"""

import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mpesa_cli.rules.codes.lookup import ALL_CODES, Api, Code
from mpesa_cli.settings.keys import KEYS, VARIABLES
from mpesa_cli.terminal.code_words import (
    ACTOR_WORDS,
    API_WORDS,
    money_moved,
    new_attempt_words,
)
from mpesa_cli.terminal.exit_words import EXIT_WORDS
from mpesa_cli.terminal.json_words import (
    ATTEMPT_FIELDS,
    BREAK_FIELDS,
    ERROR_FIELDS,
    ORDER_FIELDS,
    PAYMENT_FIELDS,
    RECONCILE_FIELDS,
    REFUND_FIELDS,
    VERIFY_FIELDS,
)
from mpesa_cli.terminal.json_words_held import HELD_FIELDS
from mpesa_cli.terminal.json_words_out import PAYOUT_FIELDS, PROPOSAL_FIELDS
from mpesa_cli.terminal.json_words_upkeep import (
    ACCEPT_FIELDS,
    ACCEPT_MANY_FIELDS,
    ACCOUNT_FIELDS,
    AUDIT_FIELDS,
    BACKUP_FIELDS,
    BALANCE_FIELDS,
    BEGIN_FIELDS,
    BOOKS_BEGIN_FIELDS,
    CHECK_FIELDS,
    DOCTOR_FIELDS,
    ERASE_FIELDS,
    HEAD_FIELDS,
    NAMED_FIELDS,
    PULL_FIELDS,
    QR_FIELDS,
    RESTORE_FIELDS,
    SLIP_FIELDS,
)
from mpesa_cli.terminal.state_words import ATTEMPT_WORDS, FLAG_WORDS, LAWS, PAYMENT_WORDS

NOTICE = "<!-- Written by docs/generate.py from the code. Change the code, then run it again. -->"
README_MARK = "<!-- exit-statuses -->"
HELP_WIDTH = 100
API_TITLES = {
    Api.STK: "Result codes", Api.RESPONSE: "Response codes", Api.ERROR: "Error codes",
    Api.INITIATOR: "Result codes of questions with an initiator",
    Api.REVERSAL: "Refunds", Api.B2C: "Payouts",
    Api.VALIDATION: "Refusals of payments by hand", Api.RATIBA: "Standing orders", Api.BONGA: "Loyalty points",
    Api.SMS: "SMS providers",
}
CODE_HEADINGS = ["code", "means", "money moved", "who must act", "new attempt", "by itself", "source"]


def table(headings: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table; pipes and line breaks in cells are made harmless."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(title: str, *parts: str) -> str:
    """A whole generated page."""
    return "\n\n".join([f"# {title}", NOTICE, *parts]) + "\n"


def prose(*sentences: str) -> str:
    """A paragraph, wrapped."""
    return textwrap.fill(" ".join(sentences), 100)


def exit_statuses_table() -> str:
    """The table that stands in docs/reference/exit-statuses.md and in README.md."""
    rows = [[f"{int(s)}", words.meaning, words.then] for s, words in EXIT_WORDS.items()]
    return table(["status", "says", "what cron or a script should do"], rows)


def exit_statuses() -> str:
    """docs/reference/exit-statuses.md."""
    return page(
        "Exit statuses",
        prose(
            "Every command exits with one of these; `mpesa help exit-status` prints them.",
            "`push`, `retry` and `status` exit by the payment's state;",
            "`push --no-wait` exits 0 once Daraja has accepted.",
        ),
        exit_statuses_table(),
        prose(
            "Between 5 and 6 lies the point of it all: 5 proves that nothing was charged, so the same",
            "command may run again; 6 proves nothing, so nothing may be sent again before somebody has looked.",
        ),
    )


def result_codes() -> str:
    """docs/reference/result-codes.md."""
    parts = [
        prose(
            "One code means different things in different places, so each table stands for one place.",
            "A code that is in no table proves nothing and is never retried by itself.",
            "Error codes are overloaded: where a row names words, it is about messages that contain them,",
            "whatever their case.",
        ),
    ]
    for api, title in API_TITLES.items():
        rows = [_code_row(row) for row in ALL_CODES if row.api is api]
        parts.append(f"## {title}")
        parts += [f"The {API_WORDS[api]}.", table(CODE_HEADINGS, rows)]
    words = [[row.code, row.staff, row.customer, row.customer_sw] for row in ALL_CODES if row.api is Api.STK]
    parts += ["## What to say", table(["code", "to staff", "to the customer", "in Kiswahili"], words)]
    return page("Result, response and error codes", *parts)


def _code_row(row: Code) -> list[str]:
    about = f" where the message says “{row.text}”" if row.text else ""
    return [
        f"`{row.code}`{about}", row.title, money_moved(row), ACTOR_WORDS[row.actor], new_attempt_words(row),
        "yes" if row.automatic else "no", row.source,
    ]


def states() -> str:
    """docs/reference/states.md."""
    return page(
        "States",
        prose(
            "The journal holds facts; where an attempt stands is a pure function of the set of its facts",
            "(`mpesa_cli/rules/state.py`). Order, duplicates and replays of facts then can't matter.",
        ),
        "## A payment",
        "What the shop wants: an order, an amount, a phone. Its status follows from its attempts.",
        table(["status", "means"], [[f"`{s.value}`", words] for s, words in PAYMENT_WORDS.items()]),
        "## An attempt", "One prompt on one phone.",
        table(["state", "means", "money moved"],
              [[f"`{s.value}`", words, moved] for s, (words, moved) in ATTEMPT_WORDS.items()]),
        "## Flags", "What an attempt may carry besides its state.",
        table(["flag", "means"], [[f"`{f.value}`", words] for f, words in FLAG_WORDS.items()]),
        "## The nine laws", "\n".join(f"{number}. {law}" for number, law in enumerate(LAWS, 1)),
    )


def simulator() -> str:
    """docs/develop/simulator.md."""
    import simulator_page

    return page("The simulator", *simulator_page.parts(table))


def configuration() -> str:
    """docs/reference/configuration.md."""
    keys = [
        [f"`{key.name}`", " ".join(f"`{v}`" for v in key.variables), key.kind, ", ".join(key.choices),
         key.shown_default(), key.meaning]
        for key in KEYS
    ]
    return page(
        "Configuration",
        prose(
            "A setting is looked up in this order: flag, environment variable, configuration file, default;",
            "the empty string counts as not set. `mpesa config path` names the file, `mpesa config show`",
            "says where each value came from, `config.example.toml` is a file to start from.",
        ),
        "## Keys of a profile",
        prose("`limits.` keys stand in `[profile.NAME.limits]`, and so do those of every other section."),
        table(["key", "environment variables", "kind", "one of", "default", "meaning"], keys),
        "## Other environment variables",
        table(["variable", "meaning"], [[f"`{name}`", meaning] for name, meaning in VARIABLES]),
    )


def json_documents() -> str:
    """docs/reference/json.md."""
    import json_page

    fields = {
        name: table(json_page.HEADINGS, json_page.field_rows(words))
        for name, words in (
            ("payment", PAYMENT_FIELDS), ("refund", REFUND_FIELDS), ("attempt", ATTEMPT_FIELDS),
            ("error", ERROR_FIELDS), ("order", ORDER_FIELDS), ("verify", VERIFY_FIELDS),
            ("reconcile", RECONCILE_FIELDS), ("break", BREAK_FIELDS), ("accept", ACCEPT_FIELDS),
            ("accept many", ACCEPT_MANY_FIELDS), ("books begin", BOOKS_BEGIN_FIELDS), ("pull", PULL_FIELDS),
            ("audit", AUDIT_FIELDS), ("head", HEAD_FIELDS), ("backup", BACKUP_FIELDS), ("restore", RESTORE_FIELDS),
            ("begin", BEGIN_FIELDS), ("named", NAMED_FIELDS),
            ("payout", PAYOUT_FIELDS), ("proposal", PROPOSAL_FIELDS),
            ("balance", BALANCE_FIELDS), ("account", ACCOUNT_FIELDS), ("qr", QR_FIELDS), ("slip", SLIP_FIELDS),
            ("held", HELD_FIELDS), ("erase", ERASE_FIELDS), ("doctor", DOCTOR_FIELDS),
            ("check", CHECK_FIELDS),
        )
    }
    return page(
        "JSON", json_page.INTRODUCTION,
        "## A payment",
        "What `push`, `retry`, `status` and `resolve` print, and what `listen --forward-to` sends as `data`.",
        fields["payment"],
        "### A refund", fields["refund"],
        "### An attempt", fields["attempt"],
        "## An order", "What `order add` prints.", fields["order"],
        "## A verdict", "What `verify` prints; with `--attach` it prints the payment.", fields["verify"],
        "### Money that pays no order", "What `verify --no-order` prints.", fields["named"],
        "## A payout", "What `pay` prints, and `payouts` lists.", fields["payout"],
        "### A proposal", "What `refund` and `pay` print where a second person must agree, and `approve` lists.",
        fields["proposal"],
        "## A balance", "What `balance` prints.", fields["balance"], "### An account", fields["account"],
        "## A QR code", "What `qr` prints.", fields["qr"],
        "## A slip to pay by", "What `receipt --to-pay` prints.", fields["slip"],
        "## A reconciliation", "What `reconcile` prints; as ndjson a line per break, then the rest as its `summary`.",
        fields["reconcile"],
        "### A break", fields["break"],
        "### An accepted break", "What `reconcile --accept ID` prints.", fields["accept"],
        "### Accepted breaks", "What `reconcile --accept` prints for a class or `all`.", fields["accept many"],
        "### The beginning of the books", "What `reconcile --books-begin` prints.", fields["books begin"],
        "### Pull Transactions", "What `pull-register` prints.", fields["pull"],
        "## A held message", "What `held` lists; `held show` adds its body, `held read-again` what it came to.",
        fields["held"],
        "## The ledger itself", "### Proven", "What `audit verify` prints.", fields["audit"],
        "### Its head", "What `audit head` prints, and `audit verify --head` takes as a file.", fields["head"],
        "### A backup", "What `backup` prints.", fields["backup"],
        "### A restore", "What `restore` prints.", fields["restore"],
        "### A ledger that was begun anew", "What `ledger begin` prints.", fields["begin"],
        "### An erasure", "What `erase` prints.", fields["erase"],
        "### A check-up", "What `doctor` prints.", fields["doctor"],
        "## A delivery to a receiver", "What `trigger --check` prints a list of.", fields["check"],
        "## An error", 'The object below `"error"`.', fields["error"],
        "### Error codes", "With the exit statuses that they come with.",
        table(["code", "exit status"], json_page.code_rows(ROOT / "mpesa_cli")),
        "## With jq", json_page.EXAMPLES,
    )


def openapi_document() -> str:
    """mpesa_cli/api/openapi.json: what a profile serves that sets no limits of its own."""
    import json
    import tomllib

    from mpesa_cli.api.endpoints import endpoints
    from mpesa_cli.api.openapi import openapi
    from mpesa_cli.runtime import Runtime

    profile = Runtime(environ={"MPESA_HOME": str(ROOT / "docs" / "nobody")}).profile(None)
    about = "With the usual limits; those of your profile are in your own server's /openapi.json."
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return json.dumps(openapi(endpoints(profile), about, version), indent=1, ensure_ascii=False) + "\n"


def commands() -> str:
    """docs/reference/commands.md: the help of every command."""
    import typer

    from mpesa_cli.cli.app import app

    root: Any = typer.main.get_command(app)
    width = {"terminal_width": HELP_WIDTH, "max_content_width": HELP_WIDTH}
    context = typer.Context(root, info_name="mpesa", **root.context_settings, **width)
    parts = [f"## {path}\n\n```text\n{text.rstrip()}\n```" for path, text in _helps(context)]
    return page("Commands", *parts)


def _helps(context: Any) -> Iterator[tuple[str, str]]:
    yield context.command_path, "\n".join(line.rstrip() for line in context.get_help().splitlines())
    for name, command in getattr(context.command, "commands", {}).items():
        if not command.hidden:
            yield from _helps(type(context)(command, info_name=name, parent=context, **command.context_settings))


def readme() -> str | None:
    """README.md with its marked table renewed; None where there is none."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text.count(README_MARK) != 2:
        return None
    before, _, after = text.split(README_MARK)
    return f"{before}{README_MARK}\n{exit_statuses_table()}\n{README_MARK}{after}"


def generated() -> dict[Path, str]:
    """Every generated file with what it must hold."""
    reference = ROOT / "docs" / "reference"
    files = {
        reference / "commands.md": commands(),
        reference / "exit-statuses.md": exit_statuses(),
        reference / "result-codes.md": result_codes(),
        reference / "configuration.md": configuration(),
        reference / "states.md": states(),
        reference / "json.md": json_documents(),
        ROOT / "docs" / "develop" / "simulator.md": simulator(),
        ROOT / "mpesa_cli" / "api" / "openapi.json": openapi_document(),
    }
    renewed = readme()
    return files if renewed is None else {**files, ROOT / "README.md": renewed}


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare."""
    wanted = generated()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    for path in stale:
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            sys.stderr.write(f"stale: {name} (run: python docs/generate.py)\n")
        else:
            path.write_text(wanted[path], encoding="utf-8")
            sys.stdout.write(f"written: {name}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
