"""A value that must never be shown: it prints as dots, and only :meth:`Secret.reveal` gives it away."""


class Secret:
    """A consumer secret, passkey, token. ``repr``, ``str`` and formatting all show ``•••``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Wrap ``value``."""
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it only where the value goes onto the wire."""
        return self._value

    def __repr__(self) -> str:
        """Dots."""
        return "•••"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Dots, whatever the format."""
        return "•••"

    def __bool__(self) -> bool:
        """Whether there is a value at all."""
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Whether the two values are equal."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """The value's hash."""
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        """Refuse to be pickled: a pickle is a file with the value in it."""
        raise TypeError("a Secret can't be pickled")
