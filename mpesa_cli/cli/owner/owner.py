"""``mpesa owner``: the browsers that may see the owner's page; paired by a one-time code, listed, revoked."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.floor.moments import clock_time, day_and_time, rfc3339
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.owner.viewers.values import Viewer

_STANDING = {
    "waiting": "its code waits", "lapsed": "code not used", "paired": "paired", "expired": "expired",
    "revoked": "revoked",
}


def owner_pair(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Option("--name", help="Whose browser it is, in a word.", metavar="NAME")
    ] = "owner",
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Show a QR code that opens the owner's page in one browser. It works once, within five minutes.

    \b
    Examples:
      mpesa owner pair
      mpesa owner pair --name aminas-phone

    The page has to be served: mpesa listen --owner. Scan the code with the phone's camera, or open the address; the
    browser then sees the page for 12 hours. The code is stored nowhere. Exits 9 where no page is served.
    """
    from mpesa_cli.owner.address import noted_address, page_answers
    from mpesa_cli.owner.viewers.store import ViewerWrites
    from mpesa_cli.owner.viewers.values import CODE_LENGTH, check_viewer_name, shown_code

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    named = check_viewer_name(name)
    settings = runtime.profile(profile)
    url = noted_address(settings.ledger)
    if url is None or not page_answers(url):
        raise Conflict(
            f"No owner's page of profile {settings.name} is served on this machine.",
            hint="Nothing was paired. Serve it first: mpesa listen --owner", code="owner-page-not-served",
        )
    code = shown_code(runtime.world.new_id("", CODE_LENGTH))
    with runtime.ledger(settings).write() as tx:  # remembered before it is told
        viewer_id = runtime.world.new_id("VWR-", 8)
        viewer = ViewerWrites(tx).expect(viewer_id, named, code.replace("-", ""), runtime.world.now_us())
    link = f"{url}/pair?code={code}"
    lines = [*([] if json_ else _qr(link)), link, f"Code  {code}"]
    once = f"It works once, until {clock_time(viewer.code_until_us)}. Revoke it:  mpesa owner revoke {viewer_id}"
    return Result({"code": code, "url": link, **_document(viewer, runtime.world.now_us())}, lines, told=[Note(once)])


def _qr(text: str) -> list[str]:
    import segno

    from mpesa_cli.receipts.qr_picture import as_text

    return as_text([[bool(module) for module in row] for row in segno.make_qr(text, error="m").matrix])


def owner_list(
    ctx: typer.Context, json_: JsonOption = False, profile: ProfileOption = None, quiet: QuietOption = False
) -> Result:
    """List the browsers that were paired with the owner's page, newest first.

    \b
    Examples:
      mpesa owner list
      mpesa owner list --json

    Changes nothing. Neither codes nor cookies are stored, so none can be shown.
    """
    from mpesa_cli.owner.viewers.store import Viewers

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    now_us = runtime.world.now_us()
    viewers = Viewers(runtime.ledger(runtime.profile(profile))).all()
    rows = [
        [v.viewer_id, v.name, _STANDING[v.standing(now_us)], day_and_time(v.until_us) if v.until_us else "-"]
        for v in viewers
    ]
    none = Note("No browser yet. Pair one:  mpesa owner pair")
    return Result(
        [_document(viewer, now_us) for viewer in viewers], Table(["id", "name", "standing", "until"], rows),
        [] if rows else [none],
    )


def owner_revoke(
    ctx: typer.Context,
    viewer_id: Annotated[str, typer.Argument(help="Its id, as `mpesa owner list` shows it.", metavar="ID")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """End what a browser may see, or a code that waits: an open page goes blank within seconds.

    \b
    Examples:
      mpesa owner revoke VWR-3F8ZK1Q9

    Can't be undone; pair the browser again instead. Exit status: 0 also where it was revoked before, 2 where there is
    no such browser.
    """
    from mpesa_cli.owner.viewers.store import ViewerWrites

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    now_us, named = runtime.world.now_us(), viewer_id.strip().upper()[:60]
    with runtime.ledger(settings).write() as tx:
        viewer = ViewerWrites(tx).revoke(named, now_us)
    if viewer is None:
        raise NotFound(
            f"The ledger of profile {settings.name} knows no browser {named}.",
            hint="Nothing was revoked. See them all: mpesa owner list", code="unknown-viewer",
        )
    assert viewer.revoked_us is not None  # it was revoked above, or before
    revoked = Note(f"{viewer.viewer_id} ({viewer.name}) sees nothing since {day_and_time(viewer.revoked_us)}.")
    return Result(_document(viewer, now_us), told=[revoked])


def _document(viewer: "Viewer", now_us: int) -> dict[str, Any]:
    return {
        "id": viewer.viewer_id,
        "name": viewer.name,
        "standing": viewer.standing(now_us),
        "made_at": rfc3339(viewer.made_us),
        "code_expires_at": rfc3339(viewer.code_until_us),
        "paired_at": rfc3339(viewer.paired_us),
        "expires_at": rfc3339(viewer.until_us),
        "revoked_at": rfc3339(viewer.revoked_us),
    }
