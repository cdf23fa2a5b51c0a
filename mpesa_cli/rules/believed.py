"""The time that is believed of a message. Pure.

A callback says when the money moved, and a forged or broken one says any time. M-PESA's own record is believed.
"""

from mpesa_cli.floor.moments import SECOND_US

CLOCKS_DIFFER_US = 300 * SECOND_US
BY_HAND_US = 30 * 86_400 * SECOND_US
"""Where nothing was sent, a message may be so old when it is received: with a shorter time one that is late by a day
would not find the prompt that it is about, and would count its money a second time."""


def is_believed(told_us: int, received_us: int, sent_us: int | None = None) -> bool:
    """Whether the time told lies between the first sending and the receiving, within what two clocks may differ."""
    since_us = received_us - BY_HAND_US if sent_us is None else sent_us - CLOCKS_DIFFER_US
    return since_us <= told_us <= received_us + CLOCKS_DIFFER_US


def believed_us(told_us: int | None, received_us: int, sent_us: int | None = None) -> int:
    """The time that was told, where it is believed; else the time of receiving. Microseconds since 1970."""
    return told_us if told_us is not None and is_believed(told_us, received_us, sent_us) else received_us
