"""The parts that differ between operating systems, which nothing else knows: one half for POSIX, one for Windows.

Locks, files of one owner, durable names, signals, terminals, limits. Handles are file descriptors; every function
raises OSError where the system refuses. Both halves promise the same names with the same parameters.
"""

import sys

if sys.platform == "win32":
    from mpesa_cli.floor.machine.windows_files import (
        Standing,
        file_system_of,
        free_bytes,
        give_name,
        is_on_read_only_disk,
        make_private,
        make_private_folder,
        new_files_are_private,
        open_private,
        open_to_read,
        put_in_place,
        remove_locked,
        standing,
        sync_file,
        sync_folder,
        try_lock,
        wait_for_lock,
    )
    from mpesa_cli.floor.machine.windows_process import (
        A_PRINTER,
        HANG_UP,
        STOPPING,
        drop_typed_ahead,
        has_ended,
        is_printer,
        may_open,
        names_a_device,
        on_signals,
        prepare,
        printing,
        reader_has_gone,
        run_loop,
        since_boot_s,
        system,
        take_port,
        this_machine,
        typed_unseen,
        unconfirmed_bytes,
        write_at_once,
        write_no_core,
    )
else:
    from mpesa_cli.floor.machine.posix_files import (
        Standing,
        file_system_of,
        free_bytes,
        give_name,
        is_on_read_only_disk,
        make_private,
        make_private_folder,
        new_files_are_private,
        open_private,
        open_to_read,
        put_in_place,
        remove_locked,
        standing,
        sync_file,
        sync_folder,
        try_lock,
        wait_for_lock,
    )
    from mpesa_cli.floor.machine.posix_process import (
        A_PRINTER,
        HANG_UP,
        STOPPING,
        drop_typed_ahead,
        has_ended,
        is_printer,
        may_open,
        names_a_device,
        on_signals,
        prepare,
        printing,
        reader_has_gone,
        run_loop,
        since_boot_s,
        system,
        take_port,
        this_machine,
        typed_unseen,
        unconfirmed_bytes,
        write_at_once,
        write_no_core,
    )

__all__ = [
    "A_PRINTER", "HANG_UP", "STOPPING", "Standing", "drop_typed_ahead", "file_system_of", "free_bytes", "give_name",
    "has_ended", "is_on_read_only_disk", "is_printer", "make_private", "make_private_folder", "may_open",
    "names_a_device", "new_files_are_private", "on_signals", "open_private", "open_to_read", "prepare", "printing",
    "put_in_place", "reader_has_gone", "remove_locked", "run_loop", "since_boot_s", "standing", "sync_file",
    "sync_folder", "system", "take_port", "this_machine", "try_lock", "typed_unseen", "unconfirmed_bytes",
    "wait_for_lock", "write_at_once", "write_no_core",
]
