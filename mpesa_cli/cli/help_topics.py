"""``mpesa help``: the help of a command, or a topic printed from the tables that the program runs on."""

import textwrap
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import InvalidInput

_WIDTH = 100


def topics(ctx: typer.Context, incomplete: str) -> list[str]:
    """The words that ``help`` takes next: commands and topics, or the commands below those that were typed."""
    words: list[str] = list(ctx.params.get("topic") or [])
    command: Any = ctx.find_root().command
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    below = getattr(command, "commands", {})
    known = [name for name, each in below.items() if not each.hidden] + ([] if words else list(TOPICS))
    return [name for name in known if name.startswith(incomplete)]


def help_(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(help="A command or a topic.", metavar="[TOPIC]", autocompletion=topics),
    ] = None,
) -> Result:
    """Show the help of a command, or explain a topic.

    \b
    Examples:
      mpesa help push
      mpesa help config show
      mpesa help exit-status

    Topics: exit-status, environment, formats, result-codes, states, openapi (the HTTP API, for programs).
    """
    words = topic or []
    is_topic = len(words) == 1 and words[0] in TOPICS
    return Result(lines=[TOPICS[words[0]]() if is_topic else _command_help(ctx.find_root(), words).rstrip()])


def _command_help(root: Any, words: list[str]) -> str:
    """The help page of the command that ``words`` name. Raises InvalidInput where there is none."""
    context = root
    for word in words:
        commands = getattr(context.command, "commands", {})
        if word not in commands:
            raise _unknown(words, [*commands, *(TOPICS if context is root else ())], word)
        command = commands[word]
        context = type(root)(command, info_name=word, parent=context, **command.context_settings)
    return str(context.get_help())


def _unknown(words: list[str], known: Iterable[str], word: str) -> InvalidInput:
    import difflib

    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    meant = f"Did you mean: mpesa help {' '.join([*words[:words.index(word)], close[0]])}" if close else (
        f"Topics: {', '.join(TOPICS)}. Commands: mpesa --help"
    )
    return InvalidInput(
        f"There is no command or topic {' '.join(words)[:80]!r}.", hint=meant, code="unknown-topic"
    )


def _exit_status() -> str:
    from mpesa_cli.terminal.exit_words import EXIT_WORDS

    rows = [(f"{int(status):>3}", f"{words.meaning} {words.then}") for status, words in EXIT_WORDS.items()]
    return _page(
        "Every command exits with one of these. push, retry and status exit by the payment's state;",
        "push --no-wait exits 0 once Daraja has accepted.", "", *_pairs(rows),
        "", "Between 5 and 6 lies the point of it all: 5 proves that nothing was charged, 6 proves nothing.",
    )


def _environment() -> str:
    from mpesa_cli.settings.keys import KEYS, VARIABLES

    keys = [(" or ".join(key.variables), f"{key.meaning}. Default: {key.shown_default()}") for key in KEYS]
    return _page(
        "A setting is looked up in this order: flag, environment variable, configuration file, default.",
        "The empty string counts as not set. mpesa config show says where each value came from.", "",
        *_pairs(list(VARIABLES)), "", "Keys of a profile:", "", *_pairs(keys), "",
        "NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM=dumb decide about colour, in this order.",
    )


def _formats() -> str:
    return _page(
        "stdout is the result and nothing else; everything said about the work goes to stderr.", "",
        *_pairs([
            ("on a terminal", "words and tables for people; these may change from version to version"),
            ("in a pipe", "plain rows with tabs, full values, nothing cut off"),
            ("--json", "exactly one JSON document, also on failure; names are stable, new ones may be added"),
            ("--format", "where a command prints rows: table, json, ndjson (one object a line) or csv"),
        ]), "",
        "Amounts are numbers in shillings, times RFC 3339 with offset, codes and phone numbers text.",
        'A failure is {"error": {"code", "message", "hint", "money_moved", "retry_safe"}},',
        'where money_moved is "no", "yes" or "unknown".',
    )


def _result_codes() -> str:
    from mpesa_cli.rules.codes.lookup import ALL_CODES
    from mpesa_cli.terminal.code_words import API_WORDS

    lines = ["All about one of them: mpesa explain CODE"]
    for api, words in API_WORDS.items():
        rows = [(r.code, r.title + (f' ("{r.text}")' if r.text else "")) for r in ALL_CODES if r.api is api]
        if not rows:
            continue
        lines += ["", f"{words[0].upper()}{words[1:]}:", "", *_pairs(rows)]
    return _page(*lines)


def _states() -> str:
    from mpesa_cli.terminal.state_words import ATTEMPT_WORDS, FLAG_WORDS, LAWS, PAYMENT_WORDS

    laws = [(f"{number}.", law) for number, law in enumerate(LAWS, 1)]
    attempts = [(s.value, f"{words} Money moved: {moved}.") for s, (words, moved) in ATTEMPT_WORDS.items()]
    return _page(
        "A payment is what the shop wants; an attempt is one prompt on one phone.", "",
        "A payment is:", "", *_pairs([(s.value, words) for s, words in PAYMENT_WORDS.items()]), "",
        "An attempt is:", "", *_pairs(attempts), "",
        "and may carry flags:", "", *_pairs([(f.value, words) for f, words in FLAG_WORDS.items()]), "",
        "The laws:", "", *_pairs(laws),
    )


def _openapi() -> str:
    from mpesa_cli.api.openapi import packaged

    return packaged().rstrip()


TOPICS: dict[str, Callable[[], str]] = {
    "exit-status": _exit_status,
    "environment": _environment,
    "formats": _formats,
    "result-codes": _result_codes,
    "states": _states,
    "openapi": _openapi,
}


def _pairs(rows: list[tuple[str, str]]) -> list[str]:
    """Two columns, the second wrapped; a left one too long for its column gets a line of its own."""
    left = min(26, max(len(name) for name, _ in rows))
    lines = []
    for name, words in rows:
        wrapped = textwrap.wrap(words, _WIDTH - left - 4)
        lines += [f"  {name}"] if len(name) > left else []
        first = "" if len(name) > left else name
        lines += [f"  {first if i == 0 else '':<{left}}  {part}" for i, part in enumerate(wrapped)]
    return lines


def _page(*lines: str) -> str:
    return "\n".join(line.rstrip() for line in lines)
