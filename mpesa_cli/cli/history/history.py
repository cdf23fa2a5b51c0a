"""``mpesa history``: payments, newest first, and their totals per day."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mpesa_cli.cli.options import Format, JsonOption, ProfilesOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.floor.errors import InvalidInput

if TYPE_CHECKING:
    from mpesa_cli.history.query import HistoryFilter
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

Status = Literal["pending", "paid", "failed", "unknown", "review", "partial", "overpaid", "refunded"]
LIMIT_DEFAULT = 50
PERIODS_DEFAULT = {"hour": 48, "day": 31, "month": 12}


def history(
    ctx: typer.Context,
    ref: Annotated[
        str | None, typer.Argument(help="Only this payment, by any reference, or those of this phone.", metavar="[REF]")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="From then on: today, yesterday, 7d, 2026-11-24.", metavar="WHEN"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until then; a day is meant to its end.", metavar="WHEN")
    ] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only payments that stand so.")] = None,
    phone: Annotated[
        str | None,
        typer.Option("--phone", help="Only payments of this phone; masked as on a receipt too.", metavar="PHONE"),
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", help="Only payments of this amount in KES.", metavar="KES")
    ] = None,
    unclaimed: Annotated[
        bool, typer.Option("--unclaimed", help="Only money that came by hand and pays no order yet.")
    ] = False,
    order: Annotated[
        str | None,
        typer.Option("--order", help="Only this order; 'INV-*' for all that begin so.", metavar="ID"),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option("--limit", help="How many payments (days with --summary); 0 or all.", metavar="N"),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Count them per day: money, success, reasons, seconds to pay.")
    ] = False,
    by: Annotated[
        Literal["hour", "day", "month", "till"] | None,
        typer.Option("--by", help="With --summary: per hour, day or month; till takes several profiles."),
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="How to print it; table is plain rows in a pipe.")
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option("--fields", help="Only these, in this order: order_id,amount,…", metavar="A,B"),
    ] = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show whole phone numbers on the screen.")] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with plain characters only.")] = False,
    json_: JsonOption = False,
    profile: ProfilesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Show payments, newest first, or what they come to per day.

    \b
    Examples:
      mpesa history --since today
      mpesa history 0708374149
      mpesa history --status failed --since 7d
      mpesa history --since 2026-11-01 --until 2026-11-30 --limit all --format csv > november.csv
      mpesa history --summary --since 7d
      mpesa history --summary --by hour --since today
      mpesa history --summary --by till --since today -P westlands -P outering
      mpesa history --unclaimed --amount 1500

    The newest 50 unless --limit says otherwise (with --summary 48 hours, 31 days or 12 months). Days are Nairobi's;
    7d begins at midnight seven days ago. On a screen phone numbers are masked; a pipe, JSON and CSV get full values.
    In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it. Asks M-PESA nothing.
    """
    from dataclasses import replace

    from mpesa_cli.payments.told import shop_of, take_in

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    runtime.streams.ends_with_reader = True
    if json_ and format_ not in {None, "json"}:
        raise InvalidInput(
            f"--json and --format {format_} can't both be meant.",
            hint="Give one of them. See: mpesa history --help",
        )
    chosen: Format = "json" if json_ else format_ or "table"
    wanted = _filter(runtime.world.now_us(), since, until, status, phone, order)
    wanted = replace(wanted, amount_cents=_amount(amount), unclaimed=unclaimed)
    if by is not None and not summary:
        hint = f"Right: mpesa history --summary --by {by}"
        raise InvalidInput("--by goes with --summary.", hint=hint, code="usage")
    if summary and fields is not None:
        raise InvalidInput(
            "--fields is for lists, not for --summary.", hint="Leave it out: mpesa history --summary"
        )
    names = _fields(fields, chosen)
    several = runtime.profiles(profile)
    _check_tills(several, ref, limit, by)
    most = limit_of(limit, PERIODS_DEFAULT.get(by or "day") if summary else LIMIT_DEFAULT)
    settings = several[0]
    for each in several:
        take_in(runtime.ledger(each), shop_of(each, runtime.world))
    ledger = runtime.ledger(settings)
    if ref is not None:
        wanted = _of_reference(runtime, settings, ref, wanted)
    if summary:
        from mpesa_cli.cli.history.summary import print_summary, print_tills

        if by == "till":
            tills = [(each.name, runtime.ledger(each)) for each in several]
            print_tills(runtime.streams, tills, wanted, chosen, ascii_only=ascii_)
            return
        print_summary(runtime.streams, ledger, wanted, most, chosen, ascii_only=ascii_, by=by or "day")
        return
    from mpesa_cli.cli.history.print import HistoryPrinter

    printer = HistoryPrinter(
        runtime.streams, ledger, runtime.world.now_us(), chosen, unmask=unmask, ascii_only=ascii_
    )
    printer.payments(wanted, most, names)


def _check_tills(several: "list[Profile]", ref: str | None, limit: str | None, by: str | None) -> None:
    """Raise InvalidInput where several profiles, or what is counted per till, stand beside what is of one ledger."""
    if len(several) > 1 and by != "till":
        names = " ".join(f"-P {each.name}" for each in several)
        raise InvalidInput(
            "Several profiles are counted per till, and a list is of one.",
            hint=f"Right: mpesa history --summary --by till {names}", code="usage",
        )
    if by == "till" and (ref is not None or limit is not None):
        raise InvalidInput(
            "--by till counts all payments of each till, and takes no REF and no --limit.",
            hint="Narrow it by time: mpesa history --summary --by till --since 7d", code="usage",
        )


def _of_reference(runtime: "Runtime", profile: "Profile", ref: str, wanted: "HistoryFilter") -> "HistoryFilter":
    """The filter narrowed to the payment that ``ref`` names, or to a phone's. Raises NotFound, InvalidInput."""
    from dataclasses import replace

    from mpesa_cli.cli.payments.phone_ref import phone_meant
    from mpesa_cli.cli.payments.status import find

    if wanted.msisdn or wanted.msisdn_shown or wanted.order_id is not None or wanted.order_prefix is not None:
        raise InvalidInput(
            f"{ref!r} names what to show, and so does --phone or --order.",
            hint="Give one of them. See: mpesa history --help",
        )
    if (msisdn := phone_meant(runtime, profile, ref)) is not None:
        return replace(wanted, msisdn=msisdn)
    return replace(wanted, order_id=find(runtime, profile, ref).order_id)


def _filter(
    now_us: int,
    since: str | None,
    until: str | None,
    status: Status | None,
    phone: str | None,
    order: str | None,
) -> "HistoryFilter":
    from mpesa_cli.history.query import HistoryFilter

    msisdn = shown = None
    since_us, until_us = time_span(now_us, since, until)
    if phone is not None:
        from mpesa_cli.rules.values.masked_number import parse_masked
        from mpesa_cli.rules.values.msisdn import parse_msisdn

        shown = parse_masked(phone)
        msisdn = parse_msisdn(phone) if shown is None else None
    prefix = order.endswith("*") if order is not None else False
    return HistoryFilter(
        since_us=since_us,
        until_us=until_us,
        status=status,
        msisdn=msisdn,
        msisdn_shown=shown,
        order_id=order.strip() if order is not None and not prefix else None,
        order_prefix=order.strip().removesuffix("*") if order is not None and prefix else None,
    )


def time_span(now_us: int, since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """The microseconds that --since and --until mean, the end not included. Raises InvalidInput."""
    if since is None and until is None:
        return None, None
    from mpesa_cli.rules.values.dates import parse_since, parse_until

    since_us = parse_since(since, now_us) if since is not None else None
    until_us = parse_until(until, now_us) if until is not None else None
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise InvalidInput(
            f"--since {since} begins after --until {until} ends, so no payment can lie between.",
            hint="Swap them, or leave one out. See: mpesa history --help",
            code="invalid-date",
        )
    return since_us, until_us


def _amount(typed: str | None) -> int | None:
    if typed is None:
        return None
    from mpesa_cli.rules.values.amount import decimal_to_cents

    cents = decimal_to_cents(typed.replace(",", "").strip())
    if cents is None or cents <= 0:
        raise InvalidInput(
            f"--amount {typed!r} is not an amount in shillings.", hint="Right: --amount 1500", code="invalid-amount"
        )
    return cents


def limit_of(typed: str | None, default: int | None) -> int | None:
    """The most rows that --limit means; None for all. Raises InvalidInput."""
    if typed is None:
        return default
    if typed.strip().lower() in {"0", "all"}:
        return None
    if typed.strip().isascii() and typed.strip().isdecimal() and len(typed.strip()) <= 9:
        return int(typed)
    raise InvalidInput(
        f"--limit {typed!r} is not a number of rows.",
        hint="Right: --limit 200, or --limit all",
        code="invalid-limit",
    )


def _fields(typed: str | None, chosen: Format) -> list[str] | None:
    """The names asked for, checked. Raises InvalidInput with the list of those that there are."""
    from mpesa_cli.history.query import FIELDS

    if typed is None:
        return None
    known = [*FIELDS, "refund", "may_be_orders", "attempts"] if chosen in {"json", "ndjson"} else list(FIELDS)
    names = [name.strip() for name in typed.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"There is no field {unknown[0]!r}" if unknown else "--fields names no field"
        raise InvalidInput(
            f"{what} in a list with --format {chosen}.",
            hint=f"There are: {', '.join(known)}",
            code="unknown-field",
        )
    return list(dict.fromkeys(names))
