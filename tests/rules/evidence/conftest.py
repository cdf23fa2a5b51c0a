"""The shop of these tests: a listener's intake beside the commands."""

from held.conftest import shop

__all__ = ["shop"]
