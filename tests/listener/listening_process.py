"""A listener as a process of its own, for signals: ``python listening_process.py LEDGER PORT [HEAD_AND_BODY_S]``."""

import sys
from pathlib import Path

from listening import open_ledger

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.world import World
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import Running, serve


def ready(running: Running) -> None:
    print(running.port, flush=True)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    parts = Parts(lambda: open_ledger(path), World(), lambda event: None)
    try:
        head_and_body_s = float(sys.argv[3]) if len(sys.argv) > 3 else 10.0
        serve(ListenerOptions(port=int(sys.argv[2]), head_and_body_s=head_and_body_s), parts, ready)
    except MpesaError as error:
        print(error.code, error.message, error.hint, file=sys.stderr)
        sys.exit(int(error.exit_status))
    print("drained", flush=True)
