"""Pull Transactions: the payments to a shortcode in the last 48 hours (daraja.md 7.8)."""

from datetime import UTC, datetime, timedelta

from mpesa_cli.floor.moments import EAT
from mpesa_cli.simulator import wire
from mpesa_cli.simulator.accounts import movements
from mpesa_cli.simulator.apis import checks
from mpesa_cli.simulator.apis.c2b_body import shillings
from mpesa_cli.simulator.apis.checks import text_of
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.movement import Movement
from mpesa_cli.simulator.state import SECOND_US, State
from mpesa_cli.simulator.wire import Reply, Request

PAGE_ROWS = 100
WINDOW_S = 48 * 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def register(state: State, request: Request, _now_us: int, token_hex: TokenHex) -> Reply:
    """Answer a registration whose token is good. The answer's keys have spaces, as Daraja's have."""
    body = request.json_object()
    wrong = _wrong_registration(body)
    if wrong:
        return wire.error(request_id(token_hex), "400.001", f"Invalid {wrong}")
    shortcode = text_of(body["ShortCode"])
    known = shortcode in state.pull_registered
    if not known:
        state.pull_registered.append(shortcode)
    return wire.ok({
        "ResponseRefID": request_id(token_hex),
        "Response Status": "1001" if known else "1000",
        "ShortCode": shortcode,
        "Response Description": f"Shortcode {'already Registered' if known else 'Registered Successfully'}",
    })


def query(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer with one page of transactions, oldest first, from the row that ``OffSetValue`` counts to."""
    made = request_id(token_hex)
    body = request.json_object()
    if not checks.is_shortcode(body.get("ShortCode")):
        return wire.error(made, "400.001", "Invalid ShortCode")
    begin_us, end_us = _moment_us(body.get("StartDate")), _moment_us(body.get("EndDate"))
    offset = text_of(body.get("OffSetValue"))
    if begin_us is None or end_us is None or end_us < begin_us or begin_us < now_us - (WINDOW_S + 60) * SECOND_US:
        return wire.error(made, "400.001", "Invalid StartDate")
    if not offset.isdecimal():
        return wire.error(made, "400.001", "Invalid OffSetValue")
    shortcode = text_of(body["ShortCode"])
    if shortcode not in state.pull_registered:
        return wire.error(made, "500.001.1001", "ShortCode is not Registered")
    # A second that has begun counts whole: Daraja's dates have no smaller part.
    wanted = [row for row in paid_in(state, shortcode, now_us) if begin_us <= row.at_us < end_us + SECOND_US]
    page = [_transaction(row) for row in wanted[int(offset) : int(offset) + PAGE_ROWS]]
    return wire.ok({
        "ResponseRefID": made,
        "ResponseCode": "1000" if page else "1001",
        "ResponseMessage": "Success",
        "Response": [page],
    })


def paid_in(state: State, shortcode: str, now_us: int) -> list[Movement]:
    """The payments of customers to a shortcode by now, oldest first."""
    return [row for row in movements(state, shortcode, now_us) if row.kind == "payment"]


def _transaction(row: Movement) -> dict[str, object]:
    moment = _EPOCH + timedelta(microseconds=row.at_us)
    return {
        "transactionId": row.receipt,
        "trxDate": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "msisdn": int(row.msisdn[3:]),
        "sender": "MPESA",
        "transactiontype": "c2b-buy-goods-debit" if row.buy_goods else "c2b-pay-bill-debit",
        "billreference": row.account,
        "amount": shillings(row.amount_cents),
        "organizationname": "Simulated Shop",
    }


def _wrong_registration(body: dict[str, object]) -> str:
    if not checks.is_shortcode(body.get("ShortCode")):
        return "ShortCode"
    if body.get("RequestType") != "Pull":
        return "RequestType"
    if not checks.is_msisdn(body.get("NominatedNumber")):
        return "NominatedNumber"
    return "" if wire.is_web_address(body.get("CallBackURL")) else "CallBackURL"


def _moment_us(value: object) -> int | None:
    try:
        moment = datetime.strptime(text_of(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=EAT)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)
