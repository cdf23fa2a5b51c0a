"""Runs ``mpesa`` with these arguments, and stops itself with SIGSTOP around a refund's record. Not a test.

``python frozen_refund.py WHERE TOTAL_S ARGUMENT…`` WHERE is ``recording``, before the commit that records it, or
``sending``, after that commit and before its POST. The time in which a POST may leave is TOTAL_S instead of its own.
"""

import os
import signal
import sys
from typing import Any

from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.refunds import asking
from mpesa_cli.runtime import Runtime


def frozen(call: Any) -> Any:
    def stops_first(*args: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSTOP)
        return call(*args, **named)

    return stops_first


if __name__ == "__main__":
    where, total_s, *arguments = sys.argv[1:]
    asking.TOTAL_S = float(total_s)
    if where == "recording":
        asking.record = frozen(asking.record)
    else:
        asking.send = frozen(asking.send)
    sys.exit(main(arguments, Runtime(world=World(sleep=lambda _: None))))
