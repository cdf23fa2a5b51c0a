"""What 0.1.0 said of its ledger in JSON, today's program says of it too: no field is gone, no value is another."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from test_upgrade_formats import HERE, ledger_of

BETWEEN_US = 130_000_000  # make_ledger.py waits so long after each command
OTHER = {
    "history --summary --json.days[0].gross": "gross is what came in, as in the books; what went back is beside it",
    "history --summary --json.total.gross": "the same",
    "audit verify --json.rows": "each body that 0.1.0 had marked unreadable is held, and that is journaled",
    "audit verify --json.head.seq": "the same",
    "audit verify --json.head.hash": "the same",
    # The kept ledger's payments by hand tell a time half an hour after they were received.
    **{f"{line} --json{path}": "a time that can't be true is not believed: when it was heard of, and a flag"
       for line, path in (
           *((f"status {order} --no-refresh", path) for order in ("part", "over", "C2B-UKO0H00004")
             for path in (".paid_at", ".attempts[0].flags", ".attempts[1].flags")),
           *(("history", f"[{row}]{path}") for row in (2, 3, 4)
             for path in (".paid_at", ".attempts[0].flags", ".attempts[1].flags")),
           *((f"log {order}", ".journal") for order in ("part", "over", "C2B-UKO0H00004")),
       )},
}
"""Where another value is right, by command line and path in its document: why. CHANGELOG names each."""


def differing(old: Any, new: Any, path: str) -> Iterator[str]:
    """The paths at which ``new`` lacks what ``old`` says, or says something else. What is added does not matter."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from differing(value, new[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is gone"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differing(a, b, f"{path}[{index}]")
    elif old != new:
        yield f"{path}: was {old!r}, is {new!r}"


def test_every_document_of_the_first_version_is_said_again(mpesa: Any, home: Path, clock: Any) -> None:
    ledger_of("80bb030", home / "data" / "simulator-simulator.db")
    kept = json.loads((HERE / "80bb030.json").read_text(encoding="utf-8"))
    assert len(kept["said"]) > 40
    clock.now = kept["asked_at_us"]
    found = []
    for line, was in kept["said"].items():
        done = mpesa(*line.split())
        clock.now += BETWEEN_US
        if done.status != was["status"]:
            found.append(f"{line}: exit status was {was['status']}, is {done.status}")
        said = json.loads(done.stdout.replace(str(home), "HOME"))
        found += [each for each in differing(was["document"], said, line) if each.split(": ")[0] not in OTHER]
    assert found == [], chr(10).join(found)
