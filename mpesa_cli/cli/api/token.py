"""``mpesa token``: bearer tokens for the HTTP API. A token is printed once, when it is made, and kept nowhere."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import NotFound
from mpesa_cli.floor.moments import SECOND_US, day_and_time, rfc3339
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.api.tokens.values import KnownToken

ScopeOption = Annotated[
    list[str],
    typer.Option(
        "--scope", help="payments:read, payments:write, balance:read or refunds:write; once for each.", metavar="SCOPE"
    ),
]
NameOption = Annotated[str, typer.Option("--name", help="Who will carry it, in a word.", metavar="NAME")]
TtlOption = Annotated[
    str, typer.Option("--ttl", help="How long it lives: 15m, 12h, 30d; at most 366d.", metavar="TIME")
]


def token_issue(
    ctx: typer.Context,
    scope: ScopeOption,
    name: NameOption,
    ttl: TtlOption = "30d",
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Make a bearer token for the HTTP API and print it. It is shown this once and stored nowhere.

    \b
    Examples:
      mpesa token issue --scope payments:write --scope payments:read --ttl 30d --name shop
      mpesa token issue --scope payments:read --ttl 12h --name reports > token.txt
      mpesa token issue --scope payments:read --name till-2 --json

    Its id, name, scopes and times go into the ledger, so that it can be revoked. A token of the same name
    goes on as the same caller: make the new one, hand it over, then revoke the old one. Signed with the
    secret api-secret. Exit status: 0 where it was made, 2 for a wrong value, 4 where that secret is missing.
    """
    from mpesa_cli.api.ports import token_rules
    from mpesa_cli.api.tokens.issue import signed_token
    from mpesa_cli.api.tokens.store import TokenWrites
    from mpesa_cli.api.tokens.values import KnownToken, check_scopes, check_token_name, parse_ttl

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    wanted, carrier, lifetime_us = check_scopes(scope), check_token_name(name), parse_ttl(ttl)
    settings = runtime.profile(profile)
    now_us = runtime.world.now_us() // SECOND_US * SECOND_US
    token = KnownToken(runtime.world.new_id("TOK-", 12), carrier, wanted, now_us, now_us + lifetime_us)
    text = signed_token(token, token_rules(runtime, settings))
    # Remembered before it is told: a token that somebody holds can always be revoked.
    with runtime.ledger(settings).write() as tx:
        TokenWrites(tx).add(token, now_us)
    once = f"Token {token.jti} for {carrier}, good until {rfc3339(token.expires_us)}, is not shown again."
    revoke = f"When it is not needed any more:  mpesa token revoke {token.jti}"
    return Result(
        {"token": text.reveal(), **_document(token, now_us, settings.environment)},
        [text.reveal()],
        told=[Note(once), Note(revoke)],
    )


def token_list(
    ctx: typer.Context, json_: JsonOption = False, profile: ProfileOption = None, quiet: QuietOption = False
) -> Result:
    """List the bearer tokens of a profile's ledger, newest first: ids and names, never the tokens.

    \b
    Examples:
      mpesa token list
      mpesa token list --json

    Changes nothing. A token without a name was made by an outside issuer and revoked here.
    """
    from mpesa_cli.api.tokens.store import Tokens

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    now_us = runtime.world.now_us()
    tokens = Tokens(runtime.ledger(settings)).all()
    person = runtime.streams.is_terminal(runtime.streams.stdout)
    rows = [
        [t.jti, t.name or "-", " ".join(sorted(t.scopes)) or "-", t.standing(now_us), _until(t.expires_us, person)]
        for t in tokens
    ]
    none = Note("No tokens yet. Make one:  mpesa token issue --name shop --scope payments:read")
    return Result(
        [_document(token, now_us, settings.environment) for token in tokens],
        Table(["id", "name", "scopes", "standing", "expires"], rows),
        [] if rows else [none],
    )


def _until(expires_us: int | None, person: bool) -> str:
    """The end of a token's life: short for a person's narrow screen, else in full for a program."""
    if expires_us is None:
        return "-"
    return day_and_time(expires_us) if person else rfc3339(expires_us) or "-"


def token_revoke(
    ctx: typer.Context,
    jti: Annotated[str, typer.Argument(help="The token's id, as `mpesa token list` shows it.", metavar="JTI")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Revoke a bearer token by its id: the next request that carries it is refused.

    \b
    Examples:
      mpesa token revoke TOK-3F8ZK1Q90DWX
      mpesa token revoke TOK-3F8ZK1Q90DWX --json

    A token of an outside issuer is revoked by its claim jti. Can't be undone; payments that the token began
    go on. Exit status: 0 also where it was revoked before, 2 where there is no such token.
    """
    from mpesa_cli.api.tokens.store import Tokens, TokenWrites
    from mpesa_cli.api.tokens.values import check_jti

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    named = check_jti(jti)
    settings = runtime.profile(profile)
    elsewhere = settings.api.public_key is not None or settings.api.jwks is not None
    now_us = runtime.world.now_us()
    with runtime.ledger(settings).write() as tx:
        if Tokens(tx).token(named) is None and not elsewhere:
            raise NotFound(
                f"The ledger of profile {settings.name} knows no token {named[:60]}.",
                hint="Nothing was revoked. See them all: mpesa token list", code="unknown-token",
            )
        token = TokenWrites(tx).revoke(named, now_us)
    whose = f" of {token.name}" if token.name else ""
    revoked = Note(f"Token {token.jti}{whose} is revoked since {rfc3339(token.revoked_us)}.")
    return Result(_document(token, now_us, settings.environment), told=[revoked])


def _document(token: "KnownToken", now_us: int, environment: str) -> dict[str, Any]:
    return {
        "jti": token.jti,
        "environment": environment,
        "name": token.name or None,
        "scopes": sorted(token.scopes),
        "standing": token.standing(now_us),
        "issued_at": rfc3339(token.issued_us),
        "expires_at": rfc3339(token.expires_us),
        "revoked_at": rfc3339(token.revoked_us),
    }
