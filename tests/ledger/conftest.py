"""One PostgreSQL server for all tests of a run, a database of its own for each."""

import contextlib
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from postgres_parts import Between
from postgres_server import Cluster, a_folder, programs

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A running server. Where none is installed, the test is skipped and says so."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with a_folder() as folder:
        made = Cluster(folder / "server", fsync="off", synchronous_commit="off").make()
        yield made
        made.kill()


@pytest.fixture
def database(server: Cluster) -> Callable[[], str]:
    """Make an empty database; gives its address."""

    def make() -> str:
        name = f"shop_{len(server.sql('SELECT 1 FROM pg_database'))}"
        server.sql(f"CREATE DATABASE {name}")
        return server.url(database=name)

    return make


@pytest.fixture
def between(server: Cluster) -> Iterator[Between]:
    """A network between us and the server."""
    made = Between(server.port)
    yield made
    made.close()


@pytest.fixture
def opened(tmp_path: Path) -> "Iterator[Callable[..., Ledger]]":
    """Open a ledger at an address, from one of several machines."""
    from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.ledger.schema.current import CURRENT
    from mpesa_cli.rules.values.database import database as address

    with contextlib.ExitStack() as closing:

        def open_at(url: str, name: str = "mpesa_shop", back_within_s: float = 15.0, machine: str = "a") -> Ledger:
            home = tmp_path / machine
            engine = PostgresEngine(
                address(url, name, name), None, CURRENT, environment="simulator", timeline=home / "timeline",
                back_within_s=back_within_s,
            )
            ledger = Ledger(home / "x", environment="simulator", token_hex=secrets.token_hex, engine=engine)
            closing.callback(ledger.close)
            return ledger

        yield open_at


@pytest.fixture
def lonely(server: Cluster) -> Iterator[Cluster]:
    """A server of the test's own: it may be frozen, killed, or told to wait for a standby that does not come."""
    with a_folder() as folder:
        made = Cluster(folder / "server").make()
        made.sql("CREATE DATABASE shop")
        yield made
        made.kill()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises, also in a run that was started in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
