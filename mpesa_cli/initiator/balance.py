"""The balance of the shop's accounts: asked of M-PESA, and the last one that was told."""

from collections.abc import Callable

from mpesa_cli.daraja.questions.account_balance import COMMAND_ID, Balance, balance_command, read_accounts
from mpesa_cli.floor.errors import CredentialsRefused, MpesaError, RequestRefused, Temporary
from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.ask import InitiatorContext, ask, wait_for_result
from mpesa_cli.initiator.lockout import would_lock
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests
from mpesa_cli.initiator.verdict import blames_initiator
from mpesa_cli.ledger.reads import Reads


def ask_balance(context: InitiatorContext, timeout_s: float, look: Callable[[float], object]) -> Balance:
    """Ask M-PESA, and wait for its result. Raises CredentialsRefused, RequestRefused, Temporary, SettingsError."""
    context.deliver()
    apply_unread_results(context.ledger, "", context.world.now_us())
    if would_lock(context.ledger, context.world.now_us()):
        raise CredentialsRefused(
            "M-PESA refused the initiator twice within 15 minutes. One more try may lock it, so it was not asked.",
            hint="Nothing was sent. Correct its password or certificate first: mpesa explain 2001 --api initiator",
            code="initiator-refused",
        )
    asked = ask(context, balance_command(context.initiator.shortcode))
    request = wait_for_result(context, asked, timeout_s, look)
    told = _balance(request)
    if told is None:
        raise _no_balance(request, timeout_s)
    return told


def last_balance(reads: Reads, shortcode: str) -> Balance | None:
    """The newest balance of a shortcode that M-PESA told; None where it never did."""
    found = Requests(reads).newest_answered(COMMAND_ID, shortcode)
    return _balance(found) if found is not None else None


def told_balances(reads: Reads, shortcode: str, within_us: int) -> list[Balance]:
    """The balances of a shortcode that M-PESA told with their moment, from ``within_us`` before the newest on; in order
    of time."""
    newest = last_balance(reads, shortcode)
    if newest is None:
        return []
    found = Requests(reads).answered_since(COMMAND_ID, shortcode, newest.at_us - within_us)
    told = [each for request in found if (each := _balance(request)) is not None and each.is_timed]
    return sorted(told, key=lambda each: each.at_us)


def _balance(request: ApiRequest) -> Balance | None:
    if request.state is not RequestState.ANSWERED or request.result is None or request.settled_us is None:
        return None
    text, at_us = request.result.facts.get("accounts"), request.result.facts.get("at_us")
    accounts = read_accounts(text) if isinstance(text, str) else None
    if not accounts:
        return None
    timed = isinstance(at_us, int)
    return Balance(request.subject, accounts, at_us if isinstance(at_us, int) else request.settled_us, timed)


def _no_balance(request: ApiRequest, timeout_s: float) -> MpesaError:
    again = "No money moved. Ask again in a minute: mpesa balance"
    result = request.result
    match request.state:
        case RequestState.ANSWERED if result is not None:
            said = f"[{result.code}: {result.description}]"
            if blames_initiator(result.code):
                return CredentialsRefused(
                    f"M-PESA did not accept who asked. {said}",
                    hint=f"No money moved. What to do: mpesa explain {result.code} --api initiator",
                    code="initiator-refused",
                )
            return RequestRefused(f"M-PESA did not tell the balance. {said}", hint=again, code="balance-refused")
        case RequestState.REVIEW:
            return Temporary(
                "M-PESA's result can't be read as a balance, or contradicts another one.", hint=again,
                code="balance-unreadable",
            )
        case RequestState.TIMED_OUT:
            return Temporary("M-PESA's queue gave up on the question.", hint=again, code="no-answer")
        case _:
            return Temporary(
                f"No result came within {timeout_s:g} s. Results come to the listener: mpesa listen", hint=again,
                code="no-answer",
            )
