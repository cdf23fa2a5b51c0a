"""The initiator APIs by their paths, and the body that is posted for each sending of a request."""

from mpesa_cli.simulator.apis import account_balance, asynchronous, b2b, b2c, reversal, transaction_status
from mpesa_cli.simulator.apis.asynchronous import Api
from mpesa_cli.simulator.state import AsyncRequest, State
from mpesa_cli.simulator.wire import json_bytes

PATHS: dict[str, Api] = {
    "/mpesa/transactionstatus/v1/query": transaction_status.API,
    "/mpesa/reversal/v1/request": reversal.API,
    "/mpesa/b2c/v1/paymentrequest": b2c.V1,
    "/mpesa/b2c/v3/paymentrequest": b2c.V3,
    "/mpesa/accountbalance/v1/query": account_balance.API,
    "/mpesa/b2b/v1/paymentrequest": b2b.API,
    "/mpesa/b2b/v1/remittax": b2b.TAX,
}
_BY_NAME = {api.name: api for api in PATHS.values()}


def posted_body(state: State, row: AsyncRequest, index: int, now_us: int) -> bytes:
    """The body of one sending: as it was decided, or the answer to a question as things stand now."""
    if row.bodies:
        return json_bytes(row.bodies[min(index, len(row.bodies) - 1)])
    api = _BY_NAME[row.api]
    assert api.answers is not None  # what moves money is decided when it is accepted
    return json_bytes(asynchronous.result(api, row, api.answers(state, row, now_us), now_us,
                                          texts=row.scenario == "texts"))
