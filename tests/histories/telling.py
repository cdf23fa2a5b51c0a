"""A history in words that a person can follow. Pure but for the log that a play keeps. Not a test."""

from collections.abc import Sequence

from steps import Step


def step_words(step: Step) -> str:
    """One step as it was drawn."""
    parts = [step.kind, f"order#{step.order}", f"other#{step.other}"]
    if step.form:
        parts.append(f"form={step.form!r}")
    if step.seconds:
        parts.append(f"{step.seconds:g} s")
    if step.stop[0]:
        parts.append(f"{step.stop[0]} at point {step.stop[1]} {step.stop_at}".strip())
    return " ".join(parts)


def numbered(steps: Sequence[Step], log: Sequence[str]) -> str:
    """What happened, line by line."""
    return "\n".join(log) if log else "\n".join(f"{n:>3}. {step_words(s)}" for n, s in enumerate(steps, 1))
