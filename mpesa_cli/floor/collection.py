"""Garbage collection, held off while a command starts and ends: it looked at every module's objects again and again.

Of a push it was a tenth. What serves for hours calls :func:`as_usual` once it begins.
"""

import gc

STARTING = 50_000  # a push makes 40,000 objects on its way, and next to no garbage
USUAL = gc.get_threshold()


def hold_off() -> None:
    """Collect seldom, until :func:`as_usual`."""
    gc.set_threshold(STARTING, *USUAL[1:])


def as_usual() -> None:
    """Collect as Python does: in whatever runs for long."""
    gc.set_threshold(*USUAL)


def spare_the_end() -> None:
    """Leave what is alive alone when the interpreter ends. Streams are flushed and ``atexit`` is called even so."""
    gc.freeze()
