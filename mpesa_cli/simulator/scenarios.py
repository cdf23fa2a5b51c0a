"""The scenario that a phone number chooses, as test cards do for card payments."""

from dataclasses import replace

from mpesa_cli.simulator.scenario import Scenario
from mpesa_cli.simulator.scenario_table import CODE_PATTERN, FIXED, RESULT_CODES, UNLISTED, ends_in_code


def scenario_for(msisdn: str) -> Scenario:
    """The scenario of a number, ``2547…`` or ``2541…`` in 12 digits. Any number without a row pays."""
    if msisdn in FIXED:
        return FIXED[msisdn]
    if msisdn.startswith(CODE_PATTERN) and len(msisdn) == 12:
        code = str(int(msisdn[len(CODE_PATTERN) :]))
        return ends_in_code(RESULT_CODES.get(code, replace(UNLISTED, code=code)))
    return replace(FIXED["254708374149"], msisdn=msisdn, name="pays")


def all_scenarios() -> list[Scenario]:
    """Every row, in the order people read them: customers first, then the network's faults."""
    coded = [ends_in_code(row) for row in RESULT_CODES.values()]
    fixed = list(FIXED.values())
    return [*fixed[:2], *coded, ends_in_code(UNLISTED), *fixed[2:]]
