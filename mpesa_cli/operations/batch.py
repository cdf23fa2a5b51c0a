"""A batch: many prompts, one after another, at the profile's rate, never two at once on one phone.

The order of the file is kept except where a phone is busy: then its rows wait and the others go on. Every
prompt is an ordinary push or retry with its own durable steps, so a batch that dies anywhere is finished by
running it again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mpesa_cli.domain.codes import Actor
from mpesa_cli.domain.moments import SECOND_US
from mpesa_cli.domain.outcome import was_refused_for_credentials
from mpesa_cli.domain.payment import Payment
from mpesa_cli.domain.result_codes import no_prompt_meaning
from mpesa_cli.domain.state import AttemptState
from mpesa_cli.errors import Conflict, CredentialsRefused, MpesaError, PhoneBusy, RequestRefused, Temporary

LOOK_EVERY_S = 0.25
RECHECK_PHONE_S = 5  # a busy phone may be free sooner than thought: its customer has answered
STUCK_AFTER_S = 400  # law 7 never asks for a longer wait; something else keeps prompting these phones
ALIKE_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt to send. ``wait_s`` tells, now, the seconds until its phone may be asked; 0 for now."""

    order_id: str
    msisdn: str
    wait_s: Callable[[], int]
    send: Callable[[], Payment]


@dataclass(frozen=True, slots=True)
class Pace:
    """Time, as a batch meets it. ``deliver`` brings in callbacks that are due."""

    rate_per_s: float
    now_us: Callable[[], int]
    sleep: Callable[[float], None]
    deliver: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to send for ``seconds``, perhaps less. ``task``: the one whose phone is busy; None keeps to the rate."""

    seconds: float
    task: Task | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The task's prompt went out, or provably did not: the payment tells."""

    task: Task
    payment: Payment


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The ledger forbade this one; the others go on."""

    task: Task
    error: Conflict


@dataclass(frozen=True, slots=True)
class Stopped:
    """The rest would meet the same, so nothing more is sent. The last event."""

    error: MpesaError


Event = Waiting | Sent | LeftOut | Stopped


def run(tasks: Sequence[Task], pace: Pace) -> Iterator[Event]:
    """Send every task's prompt, once. Ends early, with Stopped, where going on would be useless.

    Interrupted passes through between two steps of the ledger: nothing is left half done.
    """
    left = list(tasks)
    look_us: dict[str, int] = {}  # when to look at a busy phone again, and until when it is busy at most
    free_us: dict[str, int] = {}
    next_us, moved_us = 0, pace.now_us()
    series = _Series()
    while left:
        now_us = pace.now_us()
        index = _first_free(left, look_us, now_us)
        task = left[index]
        phone_us = look_us.get(task.msisdn, 0)
        if (until_us := max(next_us, phone_us)) > now_us:
            if phone_us > now_us:
                yield Waiting((free_us[task.msisdn] - now_us) / SECOND_US, task)
            else:
                yield Waiting((until_us - now_us) / SECOND_US, None)
            pace.sleep(min(LOOK_EVERY_S, (until_us - now_us) / SECOND_US))
            pace.deliver()
            continue
        if (wait_s := task.wait_s()) > 0:
            free_us[task.msisdn] = now_us + wait_s * SECOND_US
            look_us[task.msisdn] = min(free_us[task.msisdn], now_us + RECHECK_PHONE_S * SECOND_US)
            if now_us - moved_us > STUCK_AFTER_S * SECOND_US:
                yield Stopped(_stuck(len(left)))
                return
            continue
        try:
            event: Event = Sent(task, task.send())
        except PhoneBusy:
            free_us[task.msisdn] = look_us[task.msisdn] = now_us + RECHECK_PHONE_S * SECOND_US
            continue
        except Conflict as error:
            event = LeftOut(task, error)
        except MpesaError as error:
            yield Stopped(error)
            return
        del left[index]
        moved_us = pace.now_us()
        yield event
        if isinstance(event, Sent):
            next_us = now_us + int(SECOND_US / pace.rate_per_s)
            if left and (hopeless := series.after(event.payment)):
                yield Stopped(hopeless)
                return


def _first_free(left: Sequence[Task], look_us: dict[str, int], now_us: int) -> int:
    """The first task whose phone may be free; where none is, the one to look at soonest."""
    soonest, soonest_us = 0, look_us.get(left[0].msisdn, 0)
    for index, task in enumerate(left):
        phone_us = look_us.get(task.msisdn, 0)
        if phone_us <= now_us:
            return index
        if phone_us < soonest_us:
            soonest, soonest_us = index, phone_us
    return soonest


class _Series:
    """Notices that one prompt after another fails in a way that the next will meet too."""

    def __init__(self) -> None:
        self._kind, self._count = "", 0

    def after(self, payment: Payment) -> MpesaError | None:
        """The reason to stop after this payment, or None."""
        if was_refused_for_credentials(payment):
            return CredentialsRefused(
                f"Daraja refused the request: {payment.last.view.result_desc}",
                hint="No phone rang, and nothing more was sent. Check the secrets: mpesa config check",
            )
        kind = _kind(payment)
        self._count = self._count + 1 if kind and kind == self._kind else 1
        self._kind = kind
        if not kind or self._count < ALIKE_IN_A_ROW:
            return None
        said = payment.last.view.result_desc or kind
        if payment.last.state is AttemptState.NOT_SENT:
            return Temporary(
                f"M-PESA could not be reached {self._count} times in a row ({said}).",
                hint="Nothing more was sent. When the network is back, run the same command again.",
                code="not-delivered",
            )
        return RequestRefused(
            f"Daraja refused {self._count} prompts in a row: {said}",
            hint=f"No phone rang, and nothing more was sent. What it means: mpesa explain {kind}",
        )


def _kind(payment: Payment) -> str:
    """What two payments have in common that fail for the same reason, where that lies with us; else empty."""
    view = payment.last.view
    match payment.last.state:
        case AttemptState.NOT_SENT:
            return "not sent"
        case AttemptState.REJECTED:
            row = no_prompt_meaning(view.result_code or "", view.result_desc or "")
            return row.code if row.actor is Actor.OWNER else ""
        case _:
            return ""


def _stuck(count: int) -> Temporary:
    return Temporary(
        f"The phones of the last {count} payments stay busy with other prompts.",
        hint="Nothing more was sent. Run the same command again later; it sends only what is left.",
        code="phone-busy",
    )
