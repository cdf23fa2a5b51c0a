"""Take M-Pesa payments from a terminal."""


def __getattr__(name: str) -> str:
    """Give ``__version__``, looked up only when asked for: importlib.metadata costs 10 ms."""
    if name == "__version__":
        from importlib.metadata import version

        return version("mpesa-cli")
    raise AttributeError(name)
