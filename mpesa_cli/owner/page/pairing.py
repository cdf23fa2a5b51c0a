"""The page on which a browser gives its code. Opening it does nothing: what looks ahead at links uses up no code."""

from html import escape

from mpesa_cli.owner.page.whole import head_of
from mpesa_cli.owner.viewers.values import CODE_LENGTH, shown_code

_PAIR = "mpesa owner pair"


def pairing_page(title: str, code: str, wrong: str = "") -> str:
    """The page, with ``code`` filled in where it came with the address, and what was wrong with the one before."""
    known = shown_code(code) if len(code) == CODE_LENGTH else ""
    said = f'<p class="trouble" role="alert">{escape(wrong)}</p>' if wrong else ""
    ask = "Press the button" if known else "Type the code that the shop's computer shows"
    field = (
        '<input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20" '
        f'value="{escape(known)}">'
    )
    return (
        f"{head_of(title)}<body>\n<main class=\"pairing\"><h1>{escape(title)}</h1>\n{said}"
        f"<p>{ask}. It pairs this browser for 12 hours, and works once.</p>\n"
        f'<form method="post" action="/pair"><label>Code {field}</label> <button>Show the page</button></form>\n'
        f"<p>A new code: <code>{_PAIR}</code></p></main>\n</body>\n</html>\n"
    )
