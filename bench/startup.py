"""How long a person waits for help and for a Tab, in multiples of a bare Python.

    python bench/startup.py [--rounds 40]

Every row is a whole process, its modules compiled, in turn with the others.
"""

import argparse
import tempfile

from timing import YARDSTICK, compiled, machine, mpesa, print_ratios, seconds, yardstick

HELP, TAB = "mpesa --help", "one Tab: mpesa pu"
TARGETS = {HELP: 6.2, TAB: 5.6}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=40)
    rounds = arguments.parse_args().rounds
    with compiled() as environ, tempfile.TemporaryDirectory() as home:
        environ["MPESA_HOME"] = home
        commands = {
            YARDSTICK: yardstick(),
            HELP: mpesa("--help"),
            TAB: mpesa(environ=tab("mpesa pu", 1)),
            "one Tab: mpesa push --": mpesa(environ=tab("mpesa push --", 2)),
            "mpesa push --help": mpesa("push", "--help"),
            "mpesa explain 1032": mpesa("explain", "1032"),
        }
        print(f"{machine()}; {rounds} rounds")
        print_ratios(seconds(commands, rounds, environ), TARGETS)


def tab(words: str, word: int) -> dict[str, str]:
    """What bash sets for one press of Tab."""
    return {"_MPESA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(word)}


if __name__ == "__main__":
    main()
