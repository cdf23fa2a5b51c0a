"""``mpesa trigger``: one recorded callback to an app under development."""

from typing import Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus, InvalidInput
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import json_text
from mpesa_cli.terminal.table import Table


def trigger(
    ctx: typer.Context,
    event: Annotated[str | None, typer.Argument(help="What to send: stk.paid, order.paid, …", metavar="EVENT")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Where the app listens: http or https.", metavar="URL")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--override", help="Another value for one field; may repeat.", metavar="PATH=VALUE"),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the events.")] = False,
    check: Annotated[
        str | None, typer.Option("--check", help="Check the receiver of events at this address.", metavar="URL")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option("--secret", help="Its secret for checks. Safer: MPESA_CHECK_SECRET.", metavar="WHSEC"),
    ] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Send one recorded callback to an app under development, or check a receiver; nobody pays.

    \b
    Examples:
      mpesa trigger --list
      mpesa trigger stk.paid --to http://localhost:3000/hook
      mpesa trigger stk.paid --to http://localhost:3000/hook --override Amount=200
      mpesa trigger order.paid --override order_id=1042          (prints the body, sends nothing)
      mpesa trigger --check http://localhost:3000/hook

    stk.* and c2b.* are what Daraja posts, order.* what mpesa posts to your own system, signed where the
    profile has a webhook-secret. Values are invented; the ledger is not touched. Exit status: 0 where the
    app answered 2xx, 3 where it answered otherwise, 5 where no answer came.

    --check plays everything that goes wrong between us and the system at URL: repeated, late, forged, two at once …
    (docs/develop/receivers.md), to orders CHECK-… of the simulator, signed with the check-secret. It says what the
    shop would have lost. Exit status: 0 where all is right, 7 where not, 5 where the receiver was not reached.
    """
    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    from mpesa_cli.cli.together import check_together

    check_together("trigger", {
        "EVENT": event, "--to": to, "--override": overrides, "--list": list_, "--check": check, "--secret": secret,
    })
    if check is not None:
        from mpesa_cli.cli.listener.trigger_check import trigger_check

        return trigger_check(runtime, profile, check, secret)
    if list_:
        return _events()
    import json

    from mpesa_cli.listener.trigger.events import find_event
    from mpesa_cli.listener.trigger.override import override
    from mpesa_cli.listener.trigger.send import check_url, send

    if event is None:
        raise InvalidInput(
            "Which event?", hint="Nothing was sent. All of them:  mpesa trigger --list", code="no-event"
        )
    found = find_event(event)
    document = found.document()
    for assignment in overrides or ():
        override(document, assignment)
    if to is None:
        send_it = f"Nothing was sent. To send it:  mpesa trigger {found.name} --to http://localhost:3000/hook"
        return Result(document, [json_text(document)], told=[Note(send_it)])
    url = check_url(to)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    if found.sender == "mpesa":
        headers = _webhook_headers(runtime, profile, body)
    answer = send(url, headers, body)
    said = " ".join(answer.text.split())[:200]
    return Result(
        {
            "event": found.name,
            "status": answer.status,
            "took_ms": answer.took_ms,
            "answer": answer.text,
            "webhook_id": headers.get("webhook-id"),
            "signed": "webhook-signature" in headers,
        },
        [f"{found.name} --> {answer.status} in {answer.took_ms} ms" + (f"  {said}" if said else "")],
        status=ExitStatus.DONE if answer.ok else ExitStatus.FINAL_NO,
    )


def _events() -> Result:
    from mpesa_cli.listener.trigger.events import EVENTS

    return Result(
        [{"event": e.name, "sender": e.sender, "story": e.story} for e in EVENTS],
        Table(["Event", "Sent by", "What it tells"], [[e.name, e.sender, e.story] for e in EVENTS]),
    )


def _webhook_headers(runtime: Runtime, profile: str | None, body: bytes) -> dict[str, Any]:
    """Signed as forwarded events are; unsigned, and said so, where the profile has no secret."""
    from mpesa_cli.listener.forwarding.webhook import signed_headers, signing_key

    event_id = runtime.world.new_id("evt_", 12)
    found = runtime.secret_store(runtime.profile(profile)).get("webhook-secret")
    if found is None:
        runtime.streams.say("Not signed: the profile has no secret for it. Set one:  mpesa secrets set webhook-secret")
        return {"content-type": "application/json", "webhook-id": event_id}
    return signed_headers(signing_key(found.secret), event_id, runtime.world.now_us(), body)
