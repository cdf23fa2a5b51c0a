"""The questions of ``mpesa init``: an option answers one beforehand, an existing profile proposes its own value."""

from collections.abc import Callable, Mapping

from mpesa_cli.cli.consent.asking import ask
from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.keys import KEY_BY_NAME
from mpesa_cli.settings.profile import SANDBOX_SHORTCODE
from mpesa_cli.settings.rules import RuleError, profile_name
from mpesa_cli.settings.values import check_value

Answers = dict[str, str | int | None]


def profile_called(runtime: Runtime, option: str | None) -> str:
    """The profile's name. Raises Conflict where nobody gave one and nobody is there."""
    if option is not None:
        return _checked_option("--profile", option, profile_name)
    if not runtime.streams.may_prompt():
        raise _missing(["--profile", "--environment", "--kind"])
    return ask(runtime.streams, "A name for this shop or till", "shop", profile_name)


def answers_for(
    runtime: Runtime, name: str, options: Mapping[str, str | None], existing: Mapping[str, str]
) -> Answers:
    """The values to write, by key: those that differ from ``existing``, the texts that the file has now.

    ``till`` is None for a paybill, which takes an old one out of the file.
    Raises InvalidInput for an option that breaks its rule, Conflict where answers are missing and nobody
    is there to give them.
    """
    given = {
        key: _checked_option(_flag(key), value, _rule_of(key)) for key, value in options.items() if value is not None
    }
    found = dict(given)
    if runtime.streams.may_prompt():
        _ask_for_the_rest(runtime, name, found, existing)
    else:
        found = {key: existing[key] for key in options if key in existing} | given
        _refuse_gaps(found)
        found.setdefault("account_reference", "{order}")
    answers: Answers = {key: found[key] for key in options if key in found and existing.get(key) != found[key]}
    if found["kind"] == "paybill" and "till" not in given:
        answers["till"] = None
    if found["environment"] == "production" and runtime.streams.may_prompt():
        answers |= _refunds(runtime)
    return answers


def _refunds(runtime: Runtime) -> Answers:
    """The limits within which money may be given back: none is proposed, since they are the shop's choice."""
    streams = runtime.streams
    streams.complain("Money is given back to customers (mpesa refund) only within limits that the shop sets.")
    most = ask(streams, "The most to give back at once, in shillings (empty: nothing is given back)", None,
               lambda text: _limit("refunds.max", text) if text else "")
    if not most:
        return {}
    daily = ask(streams, "The most to give back in a day, in shillings", None,
                lambda text: _limit("refunds.daily_max", text))
    return {"refunds.enabled": True, "refunds.max": int(most), "refunds.daily_max": int(daily)}


def _limit(key: str, text: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise RuleError("must be a whole number of shillings, for example 5000")
    return str(check_value(KEY_BY_NAME[key], int(text)))


def _ask_for_the_rest(runtime: Runtime, name: str, found: dict[str, str], existing: Mapping[str, str]) -> None:
    streams = runtime.streams

    def need(key: str, question: str, default: str | None) -> None:
        if key not in found:
            found[key] = ask(streams, question, existing.get(key, default), _rule_of(key))

    need("environment", "Environment: simulator, sandbox or production", "sandbox")
    need("kind", "Paybill or till", "paybill")
    public = None if found["environment"] == "production" else SANDBOX_SHORTCODE
    need("shortcode", "Store (head-office) number" if found["kind"] == "till" else "Paybill", public)
    if found["kind"] == "till":
        need("till", "Till number", None)
    if "account_reference" not in found:
        streams.complain("The account reference is what customers and statements see. With {order} in it, a statement "
                         "can name the order of a payment even where every answer to the push was lost.")
    need("account_reference", "Account reference", "{order}")
    need("shop_name", "The shop's name, as receipts show it", existing.get("shop_name", name))
    need("language", "Language of receipts and screens: en or sw", "en")
    if "callback_base_url" not in found and found["environment"] != "simulator":
        streams.complain("M-PESA tells how a prompt ended at a public https address that leads to 'mpesa listen'. "
                         "A shop without one asks instead; that takes some seconds more (docs/operate/no-address.md).")
        before = existing.get("callback_base_url")
        url = ask(streams, "Public address (empty: this shop has none)", before, _optional_url)
        if url:
            found["callback_base_url"] = url
        if "answers" not in found and (not url or existing.get("answers") == "query"):
            found["answers"] = "callback" if url else "query"


def _refuse_gaps(found: Mapping[str, str]) -> None:
    needed = ["environment", "kind"]
    needed += ["shortcode"] if found.get("environment") == "production" else []
    needed += ["till"] if found.get("kind") == "till" else []
    gaps = [_flag(key) for key in needed if key not in found]
    if gaps:
        raise _missing(gaps)


def _missing(flags: list[str]) -> Conflict:
    return Conflict(
        "Nobody is here to answer, and some answers are missing.",
        hint=f"Nothing was written. Add to the command:  {' '.join(flags)}", code="answers-missing",
    )


def _rule_of(key: str) -> Callable[[str], str]:
    return lambda text: str(check_value(KEY_BY_NAME[key], text.strip()))


def _optional_url(text: str) -> str:
    return _rule_of("callback_base_url")(text) if text else ""


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _checked_option(flag: str, text: str, check: Callable[[str], str]) -> str:
    try:
        return check(text)
    except RuleError as broken:
        raise InvalidInput(
            f"{flag} is {text[:60]!r}: it {broken.needs}." if broken.showable else f"{flag} {broken.needs}.",
            hint="Nothing was written. See:  mpesa init --help", code="invalid-setting",
        ) from None
