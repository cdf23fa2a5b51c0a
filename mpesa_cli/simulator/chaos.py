"""Chaos for crash tests: lost answers, lost and doubled callbacks, refusals, drawn from a seed."""

import random
from dataclasses import replace

from mpesa_cli.floor.records import dataclass
from mpesa_cli.simulator.scenario import PushAnswer, Scenario
from mpesa_cli.simulator.scenario_table import RESULT_CODES

_REFUSALS = ("1", "1032", "1037", "2001")


@dataclass(frozen=True, slots=True)
class Chaos:
    """The shares, from 0 to 1, of the pushes to ordinary paying numbers that go wrong in each way."""

    seed: int
    lose_answer: float = 0.05
    lose_callback: float = 0.15
    double_callback: float = 0.10
    fail: float = 0.10

    def apply(self, scenario: Scenario, serial: int) -> Scenario:
        """The scenario for the push with this serial number, drawn from the seed: the same every time."""
        dice = random.Random(f"{self.seed}:{serial}")  # noqa: S311 - reproducible on purpose
        answer_lost, refused, callback = dice.random(), dice.random(), dice.random()
        if answer_lost < self.lose_answer:
            scenario = replace(scenario, answer=PushAnswer.LOST)
        if refused < self.fail:
            row = RESULT_CODES[dice.choice(_REFUSALS)]
            scenario = replace(scenario, code=row.code, desc=row.desc)
        if callback < self.lose_callback:
            scenario = replace(scenario, callbacks_s=())
        elif callback < self.lose_callback + self.double_callback:
            scenario = replace(scenario, callbacks_s=(0.5, 0.7))
        return scenario
