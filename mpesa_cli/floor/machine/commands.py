"""The commands of this system's shell that a hint names: what a person types to look, to make room, to make private."""

import sys

if sys.platform == "win32":
    from mpesa_cli.floor.machine.windows_commands import (
        A_FOLDER,
        A_LEDGER,
        CLOCK,
        HOW_PRIVATE,
        PRIVATE_FILE,
        PYTHON_VERSION,
        copy,
        copy_all,
        fetch,
        kind_of_disk,
        look,
        look_at_folder,
        make_file_private,
        make_folder_private,
        move,
        move_aside,
        remove,
        room,
        set_variable,
        size,
        this_python,
        who_holds,
        who_listens,
        with_variable,
    )
else:
    from mpesa_cli.floor.machine.posix_commands import (
        A_FOLDER,
        A_LEDGER,
        CLOCK,
        HOW_PRIVATE,
        PRIVATE_FILE,
        PYTHON_VERSION,
        copy,
        copy_all,
        fetch,
        kind_of_disk,
        look,
        look_at_folder,
        make_file_private,
        make_folder_private,
        move,
        move_aside,
        remove,
        room,
        set_variable,
        size,
        this_python,
        who_holds,
        who_listens,
        with_variable,
    )

__all__ = [
    "A_FOLDER", "A_LEDGER", "CLOCK", "HOW_PRIVATE", "PRIVATE_FILE", "PYTHON_VERSION", "copy", "copy_all", "fetch",
    "kind_of_disk", "look", "look_at_folder", "make_file_private", "make_folder_private", "move", "move_aside",
    "remove", "room", "set_variable", "size", "this_python", "who_holds", "who_listens", "with_variable",
]
