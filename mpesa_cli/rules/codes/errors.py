"""Error codes of HTTP error bodies, ``{"requestId", "errorCode", "errorMessage"}``.

One code has several meanings (500.001.1001 has six), so a row may be only for messages that contain its
``text``. A row without ``text`` is the meaning where no other row of the code fits. FAILED here says
that the request was refused before any phone rang; UNSURE says that it may have gone through.
"""

from mpesa_cli.rules.codes.rows import Actor, Api, Code, NewAttempt, Outcome
from mpesa_cli.rules.codes.words import BUSY, CHECKING, LINE_BUSY, LOOK_AT_PHONE, OUR_SIDE

_PUSH = "Safaricom's M-Pesa Express page, error table (as of December 2025)"
_SHARED = "Safaricom's shared error tables (as of December 2025)"
_AUTH = "Safaricom's Authorization page (as of December 2025)"
_C2B = "Safaricom's C2B Register URL page (as of December 2025)"
_QUERY = "seen live in query answers by several independent reports since 2018; not on Safaricom's page"


def _owner(code: str, title: str, staff: str, source: str, text: str = "") -> Code:
    """A request refused until whoever keeps the configuration has put something right."""
    return Code(
        Api.ERROR, code, title, Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0,
        staff=f"Not sent, no phone rang. {staff}", customer=OUR_SIDE.en, customer_sw=OUR_SIDE.sw,
        source=source, text=text,
    )


def _wait(code: str, title: str, wait_s: int, staff: str, source: str, text: str = "") -> Code:
    """A request refused for now: only time helps, and the program may try again by itself."""
    return Code(
        Api.ERROR, code, title, Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_WAIT, wait_s,
        staff=f"Not sent, no phone rang. {staff}", customer=BUSY.en, customer_sw=BUSY.sw,
        source=source, text=text, automatic=True,
    )


def _unsure(code: str, title: str, source: str, text: str = "") -> Code:
    """An error that proves nothing: a phone may have rung."""
    return Code(
        Api.ERROR, code, title, Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120,
        staff="M-PESA had a fault while taking the request. The prompt may still have gone out and money "
              "may move: check before asking again.",
        customer=CHECKING.en, customer_sw=CHECKING.sw, source=source, text=text,
    )


def _token(code: str, source: str, text: str = "") -> Code:
    return _owner(code, "Access token refused",
                  "Safaricom refused our access. A fresh token is fetched once by "
                  "itself; if it goes on, check the keys: mpesa config check", source, text)


def _field(name: str, staff: str, *, source: str = _PUSH, actor: Actor = Actor.OWNER) -> Code:
    return Code(
        Api.ERROR, "400.002.02", f"Invalid {name}", Outcome.FAILED, actor, NewAttempt.AFTER_FIX, 0,
        staff=f"Not sent, no phone rang. {staff}", customer=OUR_SIDE.en, customer_sw=OUR_SIDE.sw,
        source=source, text=name,
    )


def _line_busy(text: str, source: str) -> Code:
    return Code(
        Api.ERROR, "500.001.1001", "Line busy", Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_WAIT, 60,
        staff="Not sent: the customer's line is busy with another M-PESA transaction. Nothing was taken. "
              "Wait a minute.",
        customer=LINE_BUSY.en, customer_sw=LINE_BUSY.sw, source=source, text=text, automatic=True,
    )


def _still_open(title: str, staff: str, source: str, text: str) -> Code:
    return Code(
        Api.ERROR, "500.001.1001", title, Outcome.NOT_FINAL, Actor.NOBODY, NewAttempt.NEVER, 0,
        staff=staff, customer=LOOK_AT_PHONE.en, customer_sw=LOOK_AT_PHONE.sw, source=source, text=text,
    )


TOKEN_CODES: tuple[Code, ...] = (
    _owner("400.008.01", "Wrong kind of authentication",
           "The token request was malformed: please report this.",
           _AUTH),
    _owner("400.008.02", "Wrong grant type", "The token request was malformed: please report this.", _AUTH),
    _token("404.001.03", f"{_PUSH}: HTTP 404, not 401"),
    _token("400.003.01", "Safaricom's C2B and Transaction Status pages (as of December 2025)"),
    _token("401.002.01", "Safaricom's B2C and Account Balance pages (as of December 2025)"),
    _token("401.001", "Safaricom's Pull Transactions page (as of December 2025)"),
    _owner("401.003.01", "API product missing",
           "The app on Safaricom's portal lacks this API. The owner must add it, "
           "then drop the cached token.", "Safaricom's FAQ and five independent live reports"),
    _owner("403.002.1001", "Not allowed to do this",
           "The app has no right to this request: the API, or this version of it, was never enabled for it. The owner "
           "must ask Safaricom.", "one live report, of an app that had only an older version"),
    _owner("404.001.04", "Authentication header missing", "The request was malformed: please report this.",
           _SHARED),
)

PUSH_CODES: tuple[Code, ...] = (
    _owner("400.002.02", "Something in the request is invalid",
           "Daraja refused a field of the request; its name is in the message.", _PUSH),
    _field("BusinessShortCode",
           "The shortcode is wrong, or the body was not read as JSON. The owner must check it."),
    _field("Amount", "The amount was refused. Ask for whole shillings within M-PESA's limits.",
           actor=Actor.STAFF),
    _field("PhoneNumber", "The phone number was refused. Ask the customer for it again.",
           actor=Actor.STAFF),
    _field("PartyA", "The phone number was refused. Ask the customer for it again.", actor=Actor.STAFF),
    _field("PartyB", "The till or paybill number was refused. The owner must check the profile."),
    _field("CallBackURL", "The callback address was refused. The owner must check callback_base_url."),
    _field("Timestamp", "The time stamp was refused. Check this machine's clock."),
    _field("Password", "The passkey does not fit the shortcode. The owner must check both."),
    _field("TransactionType", "The profile's kind (paybill or till) was refused. The owner must check it."),
    _field("AccountReference",
           "The account reference was refused. Use letters and digits only, 12 at most.",
           source="one live report of 2022", actor=Actor.STAFF),
    _field("Remarks", "A description is missing. Give one: --description 'Order 417'",
           source="one live sandbox report of August 2026", actor=Actor.STAFF),
    _field("CheckoutRequestID", "The question named a prompt in a form that Daraja does not know.",
           source="concluded from the other messages of this code"),
    _owner("404.001.01", "No such address", "The base URL is wrong: mpesa config show", _PUSH),
    _owner("404.002.01", "No such address", "The base URL is wrong: mpesa config show", _SHARED),
    _owner("404.003.01", "No such address", "The base URL is wrong: mpesa config show", _SHARED),
    _owner("405.001", "Wrong HTTP method",
           "Something on the way changed the request: check the base URL and proxies.",
           _PUSH),
    _unsure("500.001.1001", "Server fault", _SHARED),
    _owner("500.001.1001", "Shortcode not set up for prompts",
           "Safaricom knows no such merchant. The owner must ask "
           "Safaricom to enable M-Pesa Express on it.", _PUSH, "Merchant does not exist"),
    _owner("500.001.1001", "Passkey does not fit",
           "The passkey does not fit the shortcode. The owner must check both.",
           f"{_PUSH}; three independent live reports", "Wrong credentials"),
    _line_busy("Unable to lock subscriber", f"{_PUSH}; seen in production in 2025"),
    _line_busy("already in process", "the same condition in other words, several reports"),
    _still_open("Still being processed",
                "Not finished yet: the customer may still be entering the PIN. Money may yet "
                "move. Do not ask again.", _QUERY, "being processed"),
    _still_open("Not known yet",
                "M-PESA does not know the prompt yet, as right after sending. Money may yet move. Do not "
                "ask again.", "one live sandbox report of December 2025", "transaction does not exist"),
    _wait("500.003.02", "M-PESA busy", 5, "Too many requests or a busy system. Try again in a minute.",
          _PUSH),
    _wait("500.003.02", "M-PESA busy", 60, "M-PESA is busy. Try again in a few minutes.",
          f"{_PUSH}; seen live", "System is busy"),
    _wait("500.003.02", "Too many requests at once", 5,
          "We asked too fast. It goes on by itself in seconds.",
          _PUSH, "Spike Arrest"),
    _wait("500.003.03", "Request quota used up", 60, "We asked too often. Try again in a few minutes.",
          _PUSH),
    _unsure("500.003.1001", "Server fault", _PUSH),
    _unsure("500.002.1001", "Server fault", _SHARED),
    _wait("500.002.1001", "Maintenance", 300, "M-PESA is under maintenance. Try again later.", _SHARED,
          "under maintenance"),
)

C2B_CODES: tuple[Code, ...] = (
    _owner("400.003.02", "Something in the request is invalid",
           "Daraja refused a field of the registration.", _C2B),
    _owner("400.003.02", "Forbidden word in the URL",
           "The URLs may not hold words such as mpesa, sql or query.",
           "eight independent live reports, 2025 and 2026", "has the word"),
    _owner("400.002.05", "Body not understood", "The request was malformed: please report this.", _C2B),
    _owner("500.003.1001", "URLs registered before",
           "In production a second registration is refused: delete the old "
           "URLs on Safaricom's portal first.", f"{_C2B}; seen live", "already registered"),
    _owner("500.003.1001", "URLs on the old platform",
           "The old broker platform still holds URLs for this shortcode: "
           "Safaricom must delete them.", _C2B, "Duplicate notification info"),
    _wait("500.003.1001", "Registration not reachable", 60,
          "The registration service can't be reached. Try again later.",
          "two live reports", "currently unreachable"),
)

ERROR_CODES: tuple[Code, ...] = TOKEN_CODES + PUSH_CODES + C2B_CODES
