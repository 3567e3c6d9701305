import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, event, text

from luthier.domain.workspace_errors import StoreTooNew
from luthier.store import Store, migrations, open_store
from luthier.store.connecting import Mode, begin, engine_for, journal_mode_for, sqlite_engine
from luthier.store.migrating import NEWEST, bring_up_to_date
from luthier.store.tables import metadata
from tests.builders import a_moment, a_run
from tests.store.conftest import Place
from tests.store.processes import start


def test_opening_makes_the_tables_that_the_code_speaks_of(place: Place) -> None:
    open_store(place).close()
    with begin(engine_for(place, 5), Mode.READ) as connection:
        of_sqlite = {"runs_as_listed"} if connection.dialect.name != "sqlite" else set()
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda _, name, *_more: name not in of_sqlite}
        )
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_is_the_one_that_is_named() -> None:
    assert ScriptDirectory(str(Path(str(migrations.__file__)).parent)).get_heads() == [NEWEST]


def test_what_was_stored_is_there_when_the_store_is_opened_again(place: Place, store: Store) -> None:
    run = a_run()
    with store.writing() as tx:
        tx.runs.add(run)
    store.close()
    again = open_store(place)
    with again.reading() as tx:
        assert tx.runs.list() == [run]
    again.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(place: Place, store: Store) -> None:
    with store.writing() as tx:
        tx.runs.add(a_run())
    store.close()
    engine = engine_for(place, 5)
    with begin(engine, Mode.WRITE) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="9999"):
        open_store(place)
    with begin(engine, Mode.READ) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 1
    engine.dispose()


class Killed(BaseException): ...


@pytest.mark.parametrize("after", [1, 2, 5, 9, 14])
def test_a_migration_that_is_broken_off_anywhere_leaves_nothing_and_runs_again(place: Place, after: int) -> None:
    engine = engine_for(place, 5)
    changes = 0

    @event.listens_for(engine, "before_cursor_execute")
    def _break_off(connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        nonlocal changes
        changes += statement.strip().startswith(("CREATE", "INSERT", "UPDATE"))
        if changes == after:
            raise Killed

    try:
        bring_up_to_date(engine)
        pytest.fail(f"a migration has fewer than {after} changes; shorten the list of this test")
    except Killed:
        pass
    engine.dispose()
    with begin(engine_for(place, 5), Mode.READ) as connection:
        tables = compare_metadata(MigrationContext.configure(connection), metadata)
        assert sum(difference[0] == "add_table" for difference in tables) == len(metadata.tables)
    store = open_store(place)
    with store.writing() as tx:
        assert tx.events.append("tick", None, "user", {}, a_moment()) == 1
    store.close()


def test_processes_that_open_a_new_store_together_migrate_it_once(place: Place) -> None:
    processes = [start("open", place) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["opened\n"] * 4


def test_a_folder_name_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "what? 100% #1 'é'" / "luthier.db"
    open_store(path).close()
    assert path.is_file()


@pytest.mark.parametrize(
    ("version", "expected"),
    [((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL"), ((4, 0, 0), "WAL")],
)
def test_the_write_ahead_log_is_used_only_where_sqlite_does_not_damage_it(
    tmp_path: Path, version: tuple[int, int, int], expected: str
) -> None:
    assert journal_mode_for(version) == expected
    engine = sqlite_engine(URL.create("sqlite", database=str(tmp_path / "luthier.db")), version, 5)
    bring_up_to_date(engine)
    with begin(engine, Mode.WRITE) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one().upper() == expected
    engine.dispose()


def test_a_file_with_a_write_ahead_log_goes_back_to_a_rollback_journal_under_an_old_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "luthier.db"
    url = URL.create("sqlite", database=str(path))
    engine = sqlite_engine(url, (3, 51, 3), 5)
    bring_up_to_date(engine)
    with begin(engine, Mode.WRITE) as connection:
        connection.execute(
            text(
                "INSERT INTO sessions (token_sha256, kind, created_at) VALUES ('a', 'key', '2026-05-04T00:00:00+00:00')"
            )
        )
    engine.dispose()
    old = sqlite_engine(url, (3, 51, 2), 5)
    with begin(old, Mode.READ) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
        assert connection.scalar(text("SELECT count(*) FROM sessions")) == 1
    old.dispose()


def test_every_connection_keeps_its_promises_to_the_disk(tmp_path: Path) -> None:
    engine = engine_for(tmp_path / "luthier.db", 30)
    for mode in (Mode.WRITE, Mode.READ):
        with begin(engine, mode) as connection:
            answers = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "foreign_keys", "busy_timeout", "mmap_size", "query_only")
            }
        full = 2
        assert answers == {
            "synchronous": full,
            "foreign_keys": 1,
            "busy_timeout": 30_000,
            "mmap_size": 0,
            "query_only": mode is Mode.READ,
        }
    engine.dispose()


def test_a_store_that_is_closed_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "luthier.db"
    store = open_store(path)
    with store.writing() as tx:
        tx.runs.add(a_run())
    store.close()
    alone = sqlite3.connect(path, isolation_level=None)
    alone.execute("PRAGMA locking_mode = EXCLUSIVE")
    alone.execute("BEGIN EXCLUSIVE")  # refused while anybody else has the file open
    assert alone.in_transaction
    alone.close()
