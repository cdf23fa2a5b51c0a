"""The address of a ledger in PostgreSQL: ``postgresql://user@host1,host2:5432/name``. Never with a password.

Where several hosts are named, whichever of them takes writes is used.
"""

from urllib.parse import parse_qsl, unquote, urlsplit

from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.web_address import is_loopback

SCHEMES = ("postgresql://", "postgres://")
_PORT = 5432
_FORM = "must be an address of the form postgresql://user@host/database"
_OPTIONS = frozenset({"sslrootcert"})


class AddressError(ValueError):
    """An address that can't be used; the text says what is wrong with it and never repeats it."""


@dataclass(frozen=True, slots=True)
class Database:
    """One ledger in a database: where it is, and the schema that holds it alone. ``url`` is as it was written.

    ``holds`` says whose money it is (``production/174379/5550001``); ``hosts`` are pairs of host and port.
    """

    url: str
    hosts: tuple[tuple[str, int], ...]
    name: str
    user: str
    root_certificate: str
    schema: str
    holds: str

    @property
    def is_here(self) -> bool:
        """Whether every host is this machine, so that nobody can listen in between."""
        return all(is_loopback(host) or host.startswith("/") for host, _ in self.hosts)

    def __str__(self) -> str:
        """The place, for people: hosts, database and schema."""
        hosts = ",".join(host if port == _PORT else f"{host}:{port}" for host, port in self.hosts)
        return f"postgresql://{hosts}/{self.name} (schema {self.schema})"


def is_database(text: str) -> bool:
    """Whether the setting names a database, and not a file."""
    return text.strip().startswith(SCHEMES)


def database(url: str, schema: str = "", holds: str = "") -> Database:
    """The database that a URL names. Raises AddressError."""
    try:
        parts = urlsplit(url.strip())
        asked = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
        pairs = tuple(_host(each) for each in parts.netloc.rpartition("@")[2].split(","))
    except ValueError:
        raise AddressError(_FORM) from None
    user, options = parts.netloc.rpartition("@")[0], dict(asked)
    # Before anything else: whatever is wrong besides, a password must not be kept here.
    if ":" in user or "password" in options:
        raise AddressError(
            "must not hold the password: take it out, and store it with mpesa secrets set ledger-password"
        )
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not name or "/" in name or not all(h for h, _ in pairs):
        raise AddressError(_FORM)
    if unknown := sorted(options.keys() - _OPTIONS):
        raise AddressError(f"may have one option, sslrootcert, and has {unknown[0]}")
    return Database(url.strip(), pairs, name, unquote(user), options.get("sslrootcert", ""), schema, holds)


def schema_name(environment: str, shortcode: str, till: str | None) -> str:
    """The schema of a till's or paybill's ledger. It follows from whose money it is, and not from a profile's name:
    two machines may name theirs differently."""
    return "_".join(["mpesa", environment, shortcode, *([till] if till else [])])


def held_by(environment: str, shortcode: str, till: str | None) -> str:
    """The owner of the money that a ledger holds, as one word."""
    return f"{environment}/{shortcode}/{till or '-'}"


def _host(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    return unquote(host), int(port) if port else _PORT
