"""``mpesa`` as installed. What must be so before the program's modules are imported stands here, and nothing else."""

from mpesa_cli.floor import collection


def entry_point() -> None:
    """Run one command, and leave with its exit status."""
    collection.hold_off()
    try:
        from mpesa_cli.cli.app import entry_point as run

        run()
    finally:
        collection.spare_the_end()
