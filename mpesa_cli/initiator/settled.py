"""The end of a request, as one result tells it."""

from typing import TypeAlias

from mpesa_cli.initiator.api_request import RequestResult, RequestState

Facts: TypeAlias = dict[str, str | int | None]
Settled: TypeAlias = tuple[RequestState, RequestResult | None]
