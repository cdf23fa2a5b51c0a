"""The steps of a history, drawn from a seed: values, so that a history can be kept, cut down and played again. Pure.

Each step carries a seed of its own for whatever is drawn while it plays: leaving others out changes nothing in it.
Not a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from messages import PHONE_FORMS, POISON_FORMS, STK_FORMS, form_of_c2b

ORDERS = 5
CUSTOMERS = 4
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Step:
    """One thing that happens. ``order`` and ``other`` are numbers taken modulo what there is."""

    kind: str
    seed: int
    order: int = 0
    other: int = 0
    form: str = ""
    seconds: float = 0
    stop: tuple[str, int] = ("", 0)  # freeze, suspend or kill, at which point
    stop_at: str = ""  # or at the nth point of this name

    @property
    def random(self) -> Random:
        """What is drawn while it plays."""
        return Random(self.seed)


# How often each kind comes, before a history draws its own favourites.
KINDS: dict[str, float] = {
    "push": 14, "push-api": 4, "push-batch": 2, "retry": 7, "retry-api": 3, "retry-failed": 3, "status": 4,
    "verify": 2, "history": 1, "reconcile": 5, "reconcile-statement": 5, "reconcile-pull": 1, "audit": 2,
    "by-hand": 9, "told-by-c2b-too": 3, "poison": 1.5, "forged": 1, "repeat": 4, "erase": 2, "backup": 4,
    "ledger-gone": 1, "disaster": 4, "restore": 3, "copied-back": 0.6, "ledger-comes-back": 1.5, "wait": 10,
    "clock": 2, "wake": 6,
    "listener": 3, "network": 2, "disk-full": 1, "person-decides": 4, "give-back": 1, "attach": 1, "race": 2,
    "force": 0.5,
}
# Kinds that come only where they are asked for: several things at once, which seldom meet by themselves.
ASKED_FOR: dict[str, float] = {"lost-behind": 1}
COMMANDS = frozenset({"push", "push-api", "push-batch", "retry", "retry-api", "retry-failed", "status",
                      "reconcile", "reconcile-statement", "reconcile-pull", "verify", "history", "audit", "erase",
                      "backup", "restore", "attach", "person-decides", "race"})
READERS = frozenset({"audit", "backup"})
POINTS = ("before a transaction", "in a transaction", "before a commit", "after a commit", "the head has left",
          "the head has left", "the head has left", "before the body leaves",
          "the body has left")
WAITS = (5, 30, 70, 130, 200, 10 * MINUTE, HOUR, 4 * HOUR, 9 * HOUR, 26 * HOUR)
CLOCKS = (-26 * HOUR, -2 * HOUR, -5 * MINUTE, -90, 0, 0, 0, 90, 5 * MINUTE, 2 * HOUR)


def history(seed: int, many: int, often: Sequence[str] = ()) -> list[Step]:
    """The steps of one seed. Each history has its own favourites, so that rare things come together in some.

    ``often`` are kinds that come four times as often as else, or that come only so.
    """
    random = Random(f"history:{seed}")
    weights = {kind: weight * random.choice((0, 0.3, 1, 1, 1, 3)) for kind, weight in KINDS.items()}
    weights["push"] = max(weights["push"], 6)
    weights["wait"] = max(weights["wait"], 3)
    weights |= {kind: 4 * max(weights.get(kind, 0), (KINDS | ASKED_FOR)[kind]) for kind in often}
    odd, stops = random.choice((0, 0.15, 0.5)), random.choice((0, 0.1, 0.3))
    kinds = random.choices(list(weights), list(weights.values()), k=many)
    return [_step(random, kind, odd, stops) for kind in kinds]


def _step(random: Random, kind: str, odd: float, stops: float) -> Step:
    seed = random.getrandbits(40)
    order, other = random.randrange(1000), random.randrange(1000)
    form, seconds, stop, stop_at = "", 0.0, ("", 0), ""
    if kind in {"by-hand", "told-by-c2b-too"}:
        form = form_of_c2b(random, odd)
    elif kind == "poison":
        form = random.choice(POISON_FORMS)
    elif kind == "forged":
        form = random.choice(PHONE_FORMS)
    elif kind == "wait":
        seconds = random.choice(WAITS)
    elif kind == "clock":
        seconds = random.choice(CLOCKS)
    elif kind == "network":
        seconds = random.choice((20, 200, HOUR))
    if kind.startswith(("push", "retry")) and random.random() < odd:
        form = random.choice(STK_FORMS)
    if kind in COMMANDS and random.random() < stops:
        stop = (random.choice(("freeze", "freeze", "suspend", "kill")), random.randint(1, 20))
        if random.random() < 0.6:
            stop_at = "in a reading" if kind in READERS else random.choice(POINTS)
            stop = (stop[0], 1 if kind in READERS else random.choice((1, 1, 1, 2, 3)))
    return Step(kind, seed, order, other, form, seconds, stop, stop_at)


def without(steps: Sequence[Step], first: int, many: int) -> list[Step]:
    """The history without some of its steps."""
    return [*steps[:first], *steps[first + many :]]
