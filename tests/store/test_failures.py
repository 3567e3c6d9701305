import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from luthier.domain.errors import DiskFull
from luthier.domain.workspace_errors import (
    StoreNotWritable,
    StoreUnreachable,
    StoreUnreadable,
    StoreUrlInvalid,
)
from luthier.store import Store, open_store
from luthier.store.failures import failure_of
from tests.builders import a_moment, a_run
from tests.store.processes import start


def failure_when(path: Path, *statements: str, mode: str = "rw") -> Exception:
    """What is made of the error that SQLite gives for the last of the statements."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, isolation_level=None)
    try:
        with pytest.raises(sqlite3.Error) as caught:
            for statement in statements:
                connection.execute(statement)
    finally:
        connection.close()
    return failure_of(DBAPIError("", {}, caught.value), URL.create("sqlite", database=str(path)))


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be taken for one" * 20, b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused_with_a_sentence_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "luthier.db"
    path.write_bytes(content)
    with pytest.raises(StoreUnreadable, match=str(path)) as caught:
        open_store(path)
    assert caught.value.problem.actions
    assert path.read_bytes() == content


def test_a_damaged_page_is_reported_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "luthier.db"
    store = open_store(path)
    with store.writing() as tx:
        for number in range(50):
            tx.runs.add(a_run(name=f"orders-{number}"))
    store.close()
    content = bytearray(path.read_bytes())
    for offset in range(4096 * 4, len(content), 4096):
        content[offset : offset + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(StoreUnreadable, match="cannot be read"):
        store = open_store(path)
        with store.reading() as tx:
            tx.runs.list()


def test_a_folder_in_place_of_the_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable):
        open_store(tmp_path)


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "luthier.db"
    open_store(path).close()
    large = "CREATE TABLE large AS SELECT zeroblob(1000000)"  # more than the pages that older tables left free
    failure = failure_when(path, "PRAGMA max_page_count = 1", large)
    assert isinstance(failure, DiskFull)
    assert str(path) in str(failure)


def test_a_file_that_may_only_be_read_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "luthier.db"
    open_store(path).close()
    failure = failure_when(path, "CREATE TABLE more (content)", mode="ro")
    assert isinstance(failure, StoreNotWritable)


@pytest.mark.parametrize("more_bytes", [0, 1, 700, 4096, 10_000, 50_000])
def test_a_limit_on_the_size_loses_nothing_that_was_confirmed(tmp_path: Path, more_bytes: int) -> None:
    path = tmp_path / "luthier.db"
    open_store(path).close()
    process = start("append-below-limit", path, path.stat().st_size + more_bytes)
    *confirmed, last = process.communicate(timeout=60)[0].split()
    assert last == "workspace.store_not_writable"
    store = open_store(path)
    with store.reading() as tx:
        assert [event.seq for event in tx.events.after(0)] == [int(seq) for seq in confirmed]
    with store.writing() as tx:
        tx.events.append("tick", None, "user", {}, a_moment())
    store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/base", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreUrlInvalid):
        open_store(url)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnreachable) as caught:
        open_store("postgresql://luthier:not-for-print@127.0.0.1:9/luthier")
    assert "127.0.0.1:9" in str(caught.value)
    assert "not-for-print" not in caught.value.problem.model_dump_json()


def test_a_database_that_the_server_does_not_have_is_said_to_be_missing(postgresql: str) -> None:
    with pytest.raises(StoreUnreachable, match="nowhere"):
        open_store(postgresql.replace("/postgres?", "/nowhere?"))


def test_a_connection_that_the_server_ended_is_made_anew(postgresql_url: str) -> None:
    import psycopg

    store = open_store(postgresql_url)
    with store.writing() as tx:
        tx.runs.add(a_run())
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with store.reading() as tx:
        assert len(tx.runs.list()) == 1
    store.close()


def test_a_defect_of_ours_is_not_dressed_up_as_trouble_with_the_database(store: Store) -> None:
    run = a_run()
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.runs.add(run)
        tx.runs.add(run)
