"""One PostgreSQL server for all tests of a run, a database of its own for each."""

from collections.abc import Callable, Iterator

import pytest
from postgres_server import Cluster, a_folder, programs


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
