"""``mpesa simulator certificate``: the key for which a client of the served simulator encrypts its password."""

import typer

from mpesa_cli.cli.options import runtime_of
from mpesa_cli.cli.result import Result


def certificate(ctx: typer.Context) -> Result:
    """Print the simulator's certificate (PEM), for clients that ask about transactions with an initiator.

    \b
    Examples:
      mpesa simulator certificate > simulator.cer

    This program needs no copy: in the simulator it takes this one where initiator.certificate is not set. The
    certificate is out of date on purpose, as Safaricom's are. Makes it where there is none.
    """
    runtime = runtime_of(ctx)
    from mpesa_cli.floor.files.private_folder import ensure_private_dir
    from mpesa_cli.simulator.initiator_key import FILE_NAME, InitiatorKey

    key = InitiatorKey(ensure_private_dir(runtime.paths().state_dir) / FILE_NAME)
    return Result(lines=[key.certificate().decode().strip()])
