"""The name of a store in a head office's file."""


def store_key(name: str) -> str:
    """The name as two of them are compared: case and the number of blanks don't matter."""
    return " ".join(name.split()).casefold()
