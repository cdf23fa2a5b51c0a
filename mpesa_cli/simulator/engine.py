"""The behaviour with a memory and a clock: the common part of the embedded simulator and the server."""

from dataclasses import asdict

from mpesa_cli.floor.world import World
from mpesa_cli.simulator import behaviour
from mpesa_cli.simulator.deliveries import Delivery
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.record import c2b_records, left, request_records
from mpesa_cli.simulator.state import SECOND_US
from mpesa_cli.simulator.statement import Period, reverse, statement
from mpesa_cli.simulator.store import Store
from mpesa_cli.simulator.wire import Reply, Request


class Engine:
    """The answers and callbacks of the simulator. Safe between threads, and processes where the store is."""

    def __init__(self, store: Store, world: World) -> None:
        """The world's clock is the real one; the simulator's own may be moved ahead of it."""
        self._store = store
        self._world = world

    def answer(self, request: Request) -> Reply:
        """Answer one request; its changes are kept when this returns. Raises OSError where they can't be."""
        with self._store.change() as state:
            now_us = self._world.now_us() + state.clock_offset_us
            return behaviour.handle(state, request, now_us, self._world.token_hex)

    def claim_due(self) -> list[Delivery]:
        """The callbacks that must leave now, each given out once, to one caller only."""
        due_us = self.next_due_us()
        if due_us is None or due_us > self._world.now_us():
            return []
        with self._store.change() as state:
            now_us = self._world.now_us() + state.clock_offset_us
            claimed = behaviour.due(state, now_us)
            for delivery in claimed:
                behaviour.delivered(state, delivery, now_us)
        return claimed

    def take_answer(self, delivery: Delivery, status: int, body: bytes = b"") -> None:
        """Note the merchant's answer to a callback; status 0: none, or no HTTP."""
        with self._store.change() as state:
            now_us = self._world.now_us() + state.clock_offset_us
            behaviour.delivered(state, delivery, now_us, status)
            behaviour.answered(state, delivery, status, body, now_us)

    def next_due_us(self) -> int | None:
        """The time of the next callback, on the real clock; None where none is due."""
        with self._store.read() as state:
            due_us = behaviour.next_due_us(state)
            return None if due_us is None else due_us - state.clock_offset_us

    def own_time_us(self) -> int:
        """The time on the simulator's own clock."""
        with self._store.read() as state:
            return self._world.now_us() + state.clock_offset_us

    def advance(self, seconds: float) -> float:
        """Move the simulator's clock forward. Returns how many seconds it is ahead of the real one now."""
        with self._store.change() as state:
            state.clock_offset_us += int(seconds * SECOND_US)
            return state.clock_offset_us / SECOND_US

    def statement(self, shortcode: str, period: Period) -> str:
        """The portal's statement of a shortcode as CSV text (statement.statement)."""
        with self._store.read() as state:
            return statement(state, shortcode, period, self._world.now_us() + state.clock_offset_us)

    def reverse(self, receipt: str) -> Movement:
        """Give a payment back to its customer. Raises NotFound or Conflict, as statement.reverse does."""
        with self._store.change() as state:
            return reverse(state, receipt, self._world.now_us() + state.clock_offset_us, self._world.token_hex)

    def charges(self) -> list[behaviour.Charge]:
        """The payments of customers by now."""
        with self._store.read() as state:
            return behaviour.charges(state, self._world.now_us() + state.clock_offset_us)

    def prompts(self) -> list[dict[str, object]]:
        """The record of every accepted push (record.prompt_records)."""
        with self._store.read() as state:
            return behaviour.prompt_records(state, self._world.now_us() + state.clock_offset_us)

    def record(self) -> dict[str, object]:
        """The whole record as one document."""
        with self._store.read() as state:
            now_us = self._world.now_us() + state.clock_offset_us
            return {
                "now_us": now_us,
                "clock_ahead_s": state.clock_offset_us / SECOND_US,
                "charges": [asdict(charge) for charge in behaviour.charges(state, now_us)],
                "prompts": behaviour.prompt_records(state, now_us),
                "c2b": c2b_records(state),
                "reversals": left(state, now_us, "reversal"),
                "payouts": left(state, now_us, "payout"),
                "b2b": left(state, now_us, "b2b"),
                "requests": request_records(state),
            }
