"""Reads what ``pip-audit --format json`` found, says it, and exits 1 where a newer release mends a known fault.

A fault without a release that mends it is a warning: nothing in this tree could make it go away. So is what could not
be looked up: pip-audit itself calls a database that it can't reach a success.
"""

import json
import sys


def main(text: str) -> int:
    """The exit status for pip-audit's document."""
    try:
        found = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        found = []
    skipped = [each["name"] for each in found if "skip_reason" in each]
    if len(skipped) == len(found):
        print("WARNING: advisories were not looked up: no database of them can be reached from here.")
        return 0
    if skipped:
        print(f"WARNING: no advisories are known for: {', '.join(skipped)}")
    status = 0
    for each in found:
        for fault in each.get("vulns", []):
            mended = ", ".join(fault["fix_versions"])
            status = 1 if mended else status
            then = f"mended in {mended}. Raise it: .ci/lock --upgrade" if mended else "no release mends it yet."
            print(f"{each['name']} {each['version']} has {fault['id']}; {then}")
    print(f"Advisories were looked up for {len(found) - len(skipped)} of {len(found)} releases.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read()))
