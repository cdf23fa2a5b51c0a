"""Cutting a failing history down to the steps that it needs. Not a test."""

from collections.abc import Callable, Sequence

from steps import Step, without


def shrunk(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], tries_max: int = 400) -> list[Step]:
    """The steps, less all those without which it fails still: first in large pieces, then one by one."""
    left, tries = list(steps), 0
    piece = max(1, len(left) // 2)
    while True:
        at, dropped = 0, False
        while at < len(left) and tries < tries_max:
            fewer = without(left, at, piece)
            tries += 1
            if fewer and fails(fewer):
                left, dropped = fewer, True
            else:
                at += piece
        if tries >= tries_max or (piece == 1 and not dropped):
            return left
        piece = max(1, piece // 2)
