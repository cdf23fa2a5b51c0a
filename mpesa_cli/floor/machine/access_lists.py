"""Windows' access lists as text (SDDL), read without Windows: who owns a file, and who else may use it."""

import re

_OWNERS = frozenset({"BA", "SY", "S-1-5-32-544", "S-1-5-18"})
"""The administrators and the system, who may take what they like anyway, as root may."""
_OF_THE_OWNER = frozenset({"OW", "CO", "S-1-3-4", "S-1-3-0"})


def private_to(user: str, *, folder: bool) -> str:
    """The list of what is for one user, by SID, beside system and administrators; a folder hands it on to its files."""
    inherited = "OICI" if folder else ""
    return "D:P" + "".join(f"(A;{inherited};FA;;;{who})" for who in (user, "SY", "BA"))


def is_owned(sddl: str, user: str) -> bool:
    """Whether it belongs to this user, to the system or to the administrators."""
    found = re.match(r"O:(.*?)(?=[GDS]:|$)", sddl)
    return found is not None and found[1] in _OWNERS | {user}


def is_private(sddl: str, user: str) -> bool:
    """Whether nobody but this user, the system and the administrators may use it. No list lets in everybody."""
    if "D:" not in sddl or "NO_ACCESS_CONTROL" in sddl:
        return False
    for entry in re.findall(r"\(([^()]*)", sddl.partition("D:")[2]):
        if entry.count(";") < 5:  # the condition of an entry before it, which we can't judge
            return False
        kind, flags, *_, who = entry.split(";")[:6]
        # An entry that only files below it get is not about this one.
        if "A" in kind and "IO" not in flags and who not in _OWNERS | _OF_THE_OWNER | {user}:
            return False
    return True
