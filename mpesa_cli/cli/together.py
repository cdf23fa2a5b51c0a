"""The options that go together: one table for every command whose flags make another command of it."""

from collections.abc import Mapping
from typing import NamedTuple

from mpesa_cli.floor.errors import InvalidInput


class Rule(NamedTuple):
    """One rule: ``refuses`` names what may not stand beside ``option``, ``needs`` that of which one must.

    ``option`` empty: the rule holds for every call. ``words`` is the error; in it and in ``hint`` {name} stands for
    the value of an option or argument.
    """

    option: str
    words: str
    hint: str
    refuses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    code: str = "usage"

    def is_broken(self, given: frozenset[str]) -> bool:
        """Whether the options of a call break it."""
        if self.option and self.option not in given:
            return False
        return bool(given.intersection(self.refuses)) or bool(self.needs and not given.intersection(self.needs))


MISSING = "missing-option"
_PUSH, _RETRY, _VERIFY = (f"See: mpesa {name} --help" for name in ("push", "retry", "verify"))
_RECONCILE = "Nothing was done. All options: mpesa reconcile --help"

RULES: dict[str, tuple[Rule, ...]] = {
    "push": (
        Rule("--from", "--from takes phones, amounts, orders, accounts and descriptions from the file alone.",
             "Nothing was sent. Right: mpesa push --from orders.csv",
             refuses=("PHONE", "AMOUNT", "--order", "--account", "--description")),
        Rule("", "Missing argument 'PHONE'.", f"Nothing was sent. {_PUSH}", needs=("PHONE", "--from")),
        Rule("", "Missing argument 'AMOUNT'.", f"Nothing was sent. {_PUSH}", needs=("AMOUNT", "--from")),
    ),
    "retry": (
        Rule("--failed",
             "--failed takes no REF, --phone, --force or --max-attempts: each payment follows its own code.",
             f"Nothing was sent. {_RETRY}", refuses=("REF", "--phone", "--force", "--max-attempts")),
        Rule("", "Missing argument 'REF'.", f"Nothing was sent. {_RETRY}", needs=("REF", "--failed")),
        Rule("--since", "--since goes with --failed.", f"Nothing was sent. {_RETRY}", needs=("--failed",)),
    ),
    "receipt": (
        *(Rule(each, "A receipt goes to a phone, to a file or to a printer.",
               "Nothing was sent. Give one of --sms, --output and --printer.", code="invalid-input",
               refuses=("--output", "--printer", "--format")) for each in ("--sms", "--failed", "--to")),
        Rule("--to-pay", "--to-pay makes a slip, before anything is paid: it is no receipt, no copy and no SMS.",
             "Nothing was made. Right: mpesa receipt ORDER --to-pay", refuses=("--sms", "--to", "--failed", "--copy"),
             code="invalid-input"),
        Rule("--failed", "--failed lists them all.", "Right: mpesa receipt --failed", refuses=("REF", "--to"),
             code="invalid-input"),
        Rule("", "Which payment's receipt?", "Right: mpesa receipt ORDER", needs=("REF", "--failed", "--sms", "--to")),
        Rule("", "Which payment's receipt?", "Right: mpesa receipt ORDER --sms", needs=("REF", "--failed")),
        Rule("--to", "--to says where an SMS goes.", "Right: mpesa receipt {REF} --sms --to {--to}", needs=("--sms",),
             code="invalid-input"),
    ),
    "trigger": (
        Rule("--check", "--check sends deliveries of its own.",
             "Nothing was sent. Right: mpesa trigger --check http://localhost:3000/hook",
             refuses=("EVENT", "--to", "--override", "--list")),
        Rule("--secret", "--secret goes with --check.", "Nothing was sent. See: mpesa trigger --help",
             needs=("--check",)),
    ),
    "verify": (
        Rule("--no-order", "--no-order takes --by and --reason, and no order, amount or phone.",
             "Nothing was changed. Right: mpesa verify RECEIPT --no-order --reason 'how you know'",
             refuses=("--order", "--attach", "--amount", "--phone")),
        Rule("--attach", "--order and --attach both name the order: give one.", f"Nothing was asked. {_VERIFY}",
             refuses=("--order",)),
        *(Rule(each, "--by and --reason go with --attach or --no-order.", f"Nothing was asked. {_VERIFY}",
               needs=("--attach", "--no-order")) for each in ("--by", "--reason")),
    ),
    "listen": tuple(
        Rule(each, f"{each} is about the owner's page, and that is not asked for.",
             f"Nothing was started. Right: mpesa listen --owner {each} {{{each}}}", needs=("--owner",))
        for each in ("--owner-host", "--owner-port")
    ),
    "reconcile": (
        *(Rule(each, "Missing --by NAME: who closes or accepts it is written into the journal.", _RECONCILE,
               needs=("--by",), code=MISSING) for each in ("--close", "--accept", "--books-begin")),
        Rule("--accept", "Missing --reason TEXT: an accepted difference is never counted again.", _RECONCILE,
             needs=("--reason",), code=MISSING),
        Rule("--books-begin", "Missing --reason TEXT: what is before that day is never compared.", _RECONCILE,
             needs=("--reason",), code=MISSING),
        Rule("--since", "Missing --pull: a statement file says itself which time it covers.", _RECONCILE,
             needs=("--pull",), code=MISSING),
        Rule("--close", "Missing --statement FILE: a day is closed on the file that covers it.", _RECONCILE,
             needs=("--statement",), code=MISSING),
    ),
}


def check_together(command: str, typed: Mapping[str, object]) -> None:
    """Raise InvalidInput where options of ``command`` don't go together. Absent ones are None, False or empty lists."""
    given = frozenset(name for name, value in typed.items() if value is not None and value is not False and value != [])
    broken = [rule for rule in RULES[command] if rule.is_broken(given)]
    if not broken:
        return
    first = broken[0]
    told = [first]
    if first.words.startswith("Missing"):  # what is missing, at once
        told += [rule for rule in broken[1:] if rule.code == first.code and rule.words.startswith("Missing")]
    words = " ".join(dict.fromkeys(_filled(rule.words, typed) for rule in told))
    raise InvalidInput(words, hint=_filled(first.hint, typed), code=first.code)


def _filled(text: str, typed: Mapping[str, object]) -> str:
    for name, value in typed.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
