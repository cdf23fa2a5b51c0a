"""SMS receipts sent after another piece of work: its result stays as it is, and stderr alone says how it went."""

from collections.abc import Callable

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.sms.notices import lost_sentence
from mpesa_cli.sms.notify import SmsContext, send_waiting


def send_and_report(
    context: SmsContext, *, first: str, say: Callable[[str], None], complain: Callable[[str], None]
) -> None:
    """Send what waits, the payment ``first`` before others, and say how it went. Raises only what stops the program."""
    try:
        summary = send_waiting(context, first=first)
    except MpesaError as error:
        complain(f"SMS receipts are waiting. {error.message} {error.hint}")
        return
    except Exception as bug:  # noqa: BLE001 - whatever it is, the payment and its exit status stand
        complain(f"SMS receipts are waiting: mpesa met something it does not know ({type(bug).__name__}).")
        return
    if summary.lost:
        complain(lost_sentence(summary.lost))
    for notice in summary.notices:
        (say if notice.state == "done" else complain)(notice.sentence())
