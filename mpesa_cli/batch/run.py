"""A batch: many prompts, one after another, at the profile's rate, never two at once on one phone.

The order of the file is kept except where a phone is busy: then its rows wait and the others go on. Every
prompt is an ordinary push or retry with its own durable steps, so a batch that dies anywhere is finished by
running it again.
"""

from collections.abc import Callable, Iterator, Sequence

from mpesa_cli.batch.series import Series
from mpesa_cli.floor.errors import Conflict, MpesaError, PhoneBusy, Temporary
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.rules.payment import Payment

LOOK_EVERY_S = 0.25
RECHECK_PHONE_S = 5  # a busy phone may be free sooner than thought: its customer has answered
STUCK_AFTER_S = 400  # law 7 never asks for a longer wait; something else keeps prompting these phones


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt to send. ``wait_s`` tells, now, the seconds until its phone may be asked; 0 for now."""

    order_id: str
    msisdn: str
    wait_s: Callable[[], int]
    send: Callable[[], Payment]


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of a batch and its clock. ``deliver`` brings in callbacks that are due."""

    rate_per_s: float
    world: World
    deliver: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pause of up to ``seconds`` without a prompt to send: after ``look_s`` the run looks again.

    ``task`` is the one whose phone is busy; None keeps to the rate.
    """

    seconds: float
    task: Task | None
    look_s: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A task that is done: its prompt went out, or provably did not, as the payment tells."""

    task: Task
    payment: Payment


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task that the ledger forbade; the others go on."""

    task: Task
    error: Conflict


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a batch whose rest would meet the same error: nothing more is sent. The last event."""

    error: MpesaError


Event = Waiting | Sent | LeftOut | Stopped


def run(tasks: Sequence[Task], pace: Pace) -> Iterator[Event]:
    """Send every task's prompt, once. Ends early, with Stopped, where going on would be useless.

    Interrupted passes through between two steps of the ledger: nothing is left half done.
    """
    left, phones, series = list(tasks), _Phones(), Series()
    next_us, moved_us = 0, pace.world.now_us()
    while left:
        now_us = pace.world.now_us()
        index = phones.first(left, now_us)
        task = left[index]
        if waiting := phones.waiting(task, next_us, now_us):
            yield waiting
            pace.world.sleep(min(LOOK_EVERY_S, waiting.look_s))
            pace.deliver()
            continue
        event = _attempt(task)
        if isinstance(event, int):
            phones.busy(task, event, now_us)
            if now_us - moved_us <= STUCK_AFTER_S * SECOND_US:
                continue
            event = Stopped(_stuck(len(left)))
        yield event
        if isinstance(event, Stopped):
            return
        del left[index]
        moved_us = pace.world.now_us()
        if isinstance(event, Sent):
            next_us = now_us + int(SECOND_US / pace.rate_per_s)
            if left and (hopeless := series.after(event.payment)):
                yield Stopped(hopeless)
                return


def _attempt(task: Task) -> Sent | LeftOut | Stopped | int:
    """Send one prompt, or say for how many seconds its phone is busy."""
    if (wait_s := task.wait_s()) > 0:
        return wait_s
    try:
        return Sent(task, task.send())
    except PhoneBusy:
        return RECHECK_PHONE_S
    except Conflict as error:
        # What a restored ledger lacks, it lacks for all of them.
        return Stopped(error) if error.code == "restored-gap" else LeftOut(task, error)
    except MpesaError as error:
        return RECHECK_PHONE_S if error.code == "too-soon" else Stopped(error)


class _Phones:
    """The busy phones: until when at most, and when to look at each again."""

    def __init__(self) -> None:
        self._free_us: dict[str, int] = {}
        self._look_us: dict[str, int] = {}

    def busy(self, task: Task, seconds: int, now_us: int) -> None:
        """Note that the task's phone may not be asked for so long, or less."""
        self._free_us[task.msisdn] = now_us + seconds * SECOND_US
        self._look_us[task.msisdn] = now_us + min(seconds, RECHECK_PHONE_S) * SECOND_US

    def first(self, left: Sequence[Task], now_us: int) -> int:
        """The first task whose phone may be free; where none is, the one to look at soonest."""
        soonest, soonest_us = 0, self._look_us.get(left[0].msisdn, 0)
        for index, task in enumerate(left):
            look_us = self._look_us.get(task.msisdn, 0)
            if look_us <= now_us:
                return index
            if look_us < soonest_us:
                soonest, soonest_us = index, look_us
        return soonest

    def waiting(self, task: Task, next_us: int, now_us: int) -> Waiting | None:
        """The wait before this task, or None: for its phone, or for the rate, which allows a prompt at ``next_us``."""
        look_us = self._look_us.get(task.msisdn, 0)
        wait_s = (max(next_us, look_us) - now_us) / SECOND_US
        if wait_s <= 0:
            return None
        if look_us > now_us:
            return Waiting((self._free_us[task.msisdn] - now_us) / SECOND_US, task, wait_s)
        return Waiting(wait_s, None, wait_s)


def _stuck(count: int) -> Temporary:
    return Temporary(
        f"The phones of the last {count} payments stay busy with other prompts.",
        hint="Nothing more was sent. Run the same command again later; it sends only what is left.",
        code="phone-busy",
    )
