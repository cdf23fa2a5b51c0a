"""``mpesa config``: the values of a profile, the source of each, and a check that they are right."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.table import Table

LiveOption = Annotated[bool, typer.Option("--live", help="Also ask Daraja whether it takes the credentials.")]


def config_show(
    ctx: typer.Context,
    sms_reports: Annotated[
        bool, typer.Option("--sms-reports", help="Only the address for delivery reports of SMS, which holds a secret.")
    ] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Show every value of a profile and where it came from.

    \b
    Examples:
      mpesa config show
      mpesa config show --profile shop-ngong --json

    Secrets are shown by their source only, but for the address that --sms-reports asks for. Changes nothing.
    """
    from mpesa_cli.settings.keys import KEYS

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    if sms_reports:
        return _report_address(runtime, settings)
    secrets = runtime.secret_store(settings).listed()
    values = {key.name: (_plain(settings.value_of(key.name)), settings.sources[key.name]) for key in KEYS}
    document = {
        "profile": settings.name,
        "profile_source": settings.sources["name"],
        "environment": settings.environment,
        "values": {key: {"value": value, "source": source} for key, (value, source) in values.items()},
        "secrets": {name: None if source == "missing" else source for name, source in secrets},
    }
    rows = [["profile", settings.name, settings.sources["name"]]]
    rows += [[key, _words(value), source] for key, (value, source) in values.items()]
    rows += [[name, "-" if source == "missing" else "•••", source] for name, source in secrets]
    return Result(document, Table(["key", "value", "comes from"], rows))


def _report_address(runtime: Runtime, settings: Any) -> Result:
    from mpesa_cli.sms.reports_address import report_address

    address = report_address(runtime, settings)
    return Result({"profile": settings.name, "sms_reports": address}, [address])


def config_path(ctx: typer.Context, json_: JsonOption = False, quiet: QuietOption = False) -> Result:
    """Print where the configuration file is, or would be.

    \b
    Examples:
      mpesa config path
      $EDITOR "$(mpesa config path)"

    Changes nothing.
    """
    from mpesa_cli.settings.paths import config_file

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    path, folders = config_file(runtime.environ, runtime.config_flag), runtime.paths()
    document = {
        "config_file": str(path),
        "exists": path.exists(),
        "data_dir": str(folders.data_dir),
        "state_dir": str(folders.state_dir),
        "cache_dir": str(folders.cache_dir),
    }
    missing = [] if path.exists() else [Note("It is not there yet. Make it:  mpesa init")]
    return Result(document, [str(path)], missing)


def config_check(
    ctx: typer.Context,
    live: LiveOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Check the configuration: the file, every profile in it, and the secrets of the one in use.

    \b
    Examples:
      mpesa config check
      mpesa config check --profile shop-ngong --live

    Exit status 0 when all is well, warnings or not; 10 when something is wrong. With --live a token is
    fetched, which moves no money; 4 when Daraja refuses the credentials, 5 when it can't be reached.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    report = _report(runtime, profile)
    if live and report["ok"]:
        report["live"] = _ask_daraja(runtime, profile)
    return Result(report, list(_lines(report)), status=ExitStatus.DONE if report["ok"] else ExitStatus.CONFIGURATION)


def _report(runtime: Runtime, profile_flag: str | None) -> dict[str, Any]:
    from mpesa_cli.settings.whole_check import check_everything

    general, checked = check_everything(
        runtime.environ, profile_flag=profile_flag, config_flag=runtime.config_flag
    )
    profiles = []
    for one in checked:
        errors = [{"message": problem.message, "hint": problem.hint, "code": problem.code} for problem in one.errors]
        warnings = list(one.warnings)
        if one.chosen and one.profile is not None:
            missing, doubtful = _secrets(runtime, one.profile)
            errors += missing
            warnings += doubtful
        environment = one.profile.environment if one.profile else None
        profiles.append(
            {"profile": one.name, "in_use": one.chosen, "environment": environment, "errors": errors,
             "warnings": warnings}
        )
    errors = [{"message": problem.message, "hint": problem.hint, "code": problem.code} for problem in general]
    ok = not errors and not any(entry["errors"] for entry in profiles)
    return {"ok": ok, "errors": errors, "profiles": profiles, "live": None}


def _secrets(runtime: Runtime, settings: Any) -> tuple[list[dict[str, str]], list[str]]:
    from mpesa_cli.settings.checkup import missing_secrets, secret_warnings, unmet_secrets

    store = runtime.secret_store(settings)
    listed = store.listed()
    absent = [*store.unreadable(listed), *(store.missing(name) for name in missing_secrets(listed))]
    errors = [{"message": one.message, "hint": one.hint, "code": one.code} for one in absent]
    return errors, [*unmet_secrets(settings, listed), *secret_warnings(listed)]


def _ask_daraja(runtime: Runtime, profile_flag: str | None) -> str:
    settings = runtime.profile(profile_flag)
    if settings.embedded:
        return "the simulator inside mpesa takes any credentials"
    runtime.check_credentials(settings, runtime.secret_store(settings))
    return f"{settings.base_url} takes the consumer key and secret"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    for problem in report["errors"]:
        yield f"error: {problem['message']}"
        yield f"  {problem['hint']}"
    for entry in report["profiles"]:
        in_use = ", in use" if entry["in_use"] else ""
        environment = f" ({entry['environment']}{in_use})" if entry["environment"] else ""
        yield f"profile {entry['profile']}{environment}: {'wrong' if entry['errors'] else 'ok'}"
        for problem in entry["errors"]:
            yield f"  error: {problem['message']}"
            yield f"    {problem['hint']}"
        for warning in entry["warnings"]:
            yield f"  warning: {warning}"
    if report["live"]:
        yield f"live: {report['live']}"


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _words(value: object) -> str:
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
