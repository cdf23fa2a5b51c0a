"""The check of the network, without a secret: Daraja's clock, our own public address, a listener on this machine.

Each check is given three seconds. None of them sends anything but a GET.
"""

import json
import threading
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

from mpesa_cli.floor.machine import commands
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.settings.profile import LISTENER_BASE, Profile
from mpesa_cli.upkeep.findings import Finding

LIMIT_S = 3.0
CLOCK_WRONG_S, CLOCK_DOUBTFUL_S = 300, 30
_BODY_MAX = 4_096

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    date: str
    body: bytes


def network(profile: Profile, world: World) -> Iterator[Finding]:
    """Every check of the network; none where Daraja is the simulator inside the process."""
    if profile.embedded:
        yield Finding("network", "ok", "Daraja is the simulator inside mpesa: no network is needed.")
        return
    yield _clock(profile, world)
    if profile.only_asks and not profile.callback_base_url:
        yield Finding(
            "callback-address", "ok", "No public address is needed: M-PESA is asked how each prompt ended (answers = "
            '"query"). That takes 10 s or more, and a payment\'s receipt number comes with the statement.',
            "mpesa reconcile --statement FILE",
        )
        return
    yield from _callback_address(profile)
    yield _listener(LISTENER_BASE)


def _clock(profile: Profile, world: World) -> Finding:
    host = urlsplit(profile.base_url).hostname
    reply = _get(profile.base_url)
    if isinstance(reply, str):
        mend = commands.fetch(profile.base_url, head=True)
        return Finding("daraja", "fail", f"{host} does not answer: {reply}.", mend)
    try:
        apart_s = abs(world.now_us() / 1e6 - parsedate_to_datetime(reply.date).timestamp())
    except (TypeError, ValueError):
        return Finding("clock", "warn", f"{host} answers, and does not say what time it is.", commands.CLOCK)
    words = f"This machine's clock and {host}'s are {apart_s:,.0f} s apart"
    if apart_s > CLOCK_WRONG_S:
        return Finding("clock", "fail", f"{words}: times in the books and in requests are wrong.", commands.CLOCK)
    return Finding("clock", "warn" if apart_s > CLOCK_DOUBTFUL_S else "ok", f"{words}.", commands.CLOCK)


def _callback_address(profile: Profile) -> Iterator[Finding]:
    """The finding about the callback address: whether it leads to a listener, seen from here."""
    base = (profile.callback_base_url or "").rstrip("/")
    if not base:
        return
    reply = _get(f"{base}/healthz")
    seen = "as seen from this machine; from outside it may differ"
    if isinstance(reply, str):
        words, mend = f"{base} does not answer ({seen}): {reply}.", commands.fetch(f"{base}/healthz")
        yield Finding("callback-address", "fail", f"{words} Callbacks would be lost.", mend)
    elif _status_of(reply) == "ok":
        yield Finding("callback-address", "ok", f"{base} leads to a listener ({seen}).")
    elif _status_of(reply) == "failing":
        yield Finding("callback-address", "fail", f"The listener behind {base} can't store anything just now.",
                      "mpesa help listen")
    else:
        words = f"{base} answers {reply.status}, and not as a listener does ({seen})."
        yield Finding("callback-address", "fail", words, commands.fetch(f"{base}/healthz"))


def _listener(base: str) -> Finding:
    reply = _get(f"{base}/healthz")
    if isinstance(reply, str):
        return Finding("listener", "warn", f"No listener at {base}: {reply}. Right, if it has another port or machine.",
                       "mpesa listen")
    status = _status_of(reply)
    if status == "ok":
        return Finding("listener", "ok", f"A listener is alive at {base}.")
    what = "a listener that can't store anything just now" if status == "failing" else "no listener of ours"
    return Finding("listener", "fail", f"What answers at {base} is {what}.", commands.fetch(f"{base}/healthz"))


def _status_of(reply: _Reply) -> str:
    try:
        said = json.loads(reply.body)
    except ValueError:
        return ""
    return str(said.get("status", "")) if isinstance(said, dict) else ""


def _get(url: str) -> _Reply | str:
    """The answer to a GET, whatever its status; or the reason in words why there is none."""

    def ask() -> _Reply | str:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        request = Request(url, headers={"Accept": "application/json", "User-Agent": "mpesa-cli"})  # noqa: S310
        try:
            with urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310 - the profile's rules allow http(s) alone
                return _Reply(answer.status, answer.headers.get("Date", ""), answer.read(_BODY_MAX))
        except HTTPError as refused:
            with refused:
                return _Reply(refused.code, refused.headers.get("Date", ""), refused.read(_BODY_MAX))
        except URLError as failed:
            return _why(failed.reason)
        except (OSError, ValueError, HTTPException) as failed:
            return _why(failed)

    found = within(LIMIT_S, ask)
    return "no answer within 3 s" if found is None else found


def _why(failed: object) -> str:
    from http.client import HTTPException

    if isinstance(failed, TimeoutError):
        return "no answer within 3 s"
    if isinstance(failed, HTTPException):  # its own words quote what came
        return "what came back is not HTTP"
    return str(getattr(failed, "strerror", None) or failed) or type(failed).__name__


def within(limit_s: float, work: Callable[[], T]) -> T | None:
    """The result of ``work``, or None where it takes longer: a look-up of a name has no time limit of its own."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(work()), name="mpesa-doctor", daemon=True)
    thread.start()
    thread.join(limit_s)
    return found[0] if found else None
