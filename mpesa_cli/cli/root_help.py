"""The first page of help: one sentence, examples, the commands in groups. Plain text, no boxes: fast."""

from typing import Any

from typer.core import TyperGroup

from mpesa_cli.cli.tree import DAILY, ENTRIES, Commands

EXAMPLES = (
    ("mpesa push 254708374149 100 --order demo-1", "ask a phone for KES 100"),
    ("mpesa status demo-1", "where the money stands"),
    ("mpesa explain 1032", "what a result code means"),
)


class RootGroup(TyperGroup):
    """Prints examples first, then the commands by group. They are made when they are asked for (tree.py)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As Typer makes it, but for the commands."""
        super().__init__(*args, **options)
        self.commands = Commands()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        formatter.write_text(self.help or "")
        with formatter.section("Examples"):
            formatter.write_dl(list(EXAMPLES))
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, entry in ENTRIES.items():
            groups.setdefault(entry.panel, []).append((name, entry.brief))
        for panel, commands in groups.items():
            with formatter.section(panel):
                formatter.write_dl(commands)
        self.format_options(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("More: mpesa help push, mpesa help exit-status, mpesa COMMAND --help")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Nothing more: the groups above list every command."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which they were registered, which is the order of a day's work."""
        return list(self.commands)


def first_screen() -> str:
    """The text of `mpesa` alone: the commands of a day, a line each, and the names of the others. 24 lines at most."""
    import textwrap

    more = " ".join(name for name in ENTRIES if name not in DAILY)
    lines = ["Take M-PESA payments: nobody is charged twice, no payment is lost.", ""]
    lines += [f"  {name:<10} {ENTRIES[name].brief}" for name in DAILY]
    lines += ["", *textwrap.wrap(f"More: {more}", 78, subsequent_indent="      ", break_on_hyphens=False)]
    return "\n".join([*lines, "", "Try it: mpesa push 254708374149 100 --order demo-1    All of it: mpesa --help"])
