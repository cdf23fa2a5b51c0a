"""Answers that a scenario puts in the place of the ordinary one: refusals, pages, and what the network breaks."""

from dataclasses import replace

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.scenario import PushAnswer
from mpesa_cli.simulator.scenario_table import LOCKED_TEXT
from mpesa_cli.simulator.wire import Reply


def refused(answer: PushAnswer, made: str, bad_token: str) -> Reply:
    """The reply where nothing was accepted. ``bad_token`` is how the API's family refuses a token."""
    return {
        PushAnswer.DROPPED: Reply(200, b"", fault="drop_before"),
        PushAnswer.HTML_503: wire.page(503, wire.UNAVAILABLE_PAGE),
        PushAnswer.HTML_403: wire.page(403, wire.IMPERVA_PAGE),
        PushAnswer.EMPTY_400: Reply(400, b""),
        PushAnswer.SPIKE_ARREST: wire.error(made, "500.003.02", "Error Occurred: Spike Arrest Violation"),
        PushAnswer.APIGEE_429: Reply(429, wire.json_bytes(wire.APIGEE_FAULT)),
        PushAnswer.TOKEN_EXPIRED: wire.error(made, bad_token, "Invalid Access Token"),
        PushAnswer.LOCKED: wire.error(made, "500.001.1001", LOCKED_TEXT),
        PushAnswer.BUSY: wire.error(made, "500.003.02", "System is busy. Please try again in few minutes."),
        PushAnswer.QUOTA: wire.error(made, "500.003.03", "Error Occurred: Quota Violation"),
        PushAnswer.NO_MERCHANT: wire.error(made, "500.001.1001", "Merchant does not exist"),
        PushAnswer.MAINTENANCE: wire.error(
            made, "500.002.1001", "Service is currently under maintenance. Please try again later"
        ),
        PushAnswer.NOT_ENTITLED: wire.error(
            made, "403.002.1001", "You are not authorized to initiate this transaction"
        ),
    }[answer]


def as_far_as_it_gets(plain: Reply, answer: PushAnswer, made: str) -> Reply:
    """The reply where the request was accepted, as the caller gets to see it."""
    if answer is PushAnswer.LOST:
        return replace(plain, fault="drop_after")
    if answer is PushAnswer.TRUNCATED:
        return replace(plain, fault="truncate")
    if answer is PushAnswer.HTML_200:
        return wire.page(200, wire.IMPERVA_PAGE)
    if answer is PushAnswer.INTERNAL_ERROR:
        return wire.error(made, "500.003.1001", "Internal Server Error")
    if answer is PushAnswer.SYSTEM_ERROR:
        return wire.error(made, "500.002.1001", "System internal error.")
    return plain
