"""Brings a database to the tables of this version, all in one transaction: a kill in the middle leaves the old ones.

The usual case, tables that are up to date, costs one query and does not load Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from luthier.domain.workspace_errors import StoreTooNew
from luthier.store.connecting import Mode, begin

NEWEST = "0010"  # the last file in migrations/versions


def bring_up_to_date(engine: Engine) -> None:
    """Raises StoreTooNew for tables that only a newer version of Luthier knows; they stay untouched."""
    with begin(engine, Mode.READ) as connection:
        if _revision(connection) == NEWEST:
            return
    with begin(engine, Mode.MIGRATE) as connection:
        found = _revision(connection)  # read again: another process may have migrated while this one waited
        if found != NEWEST:
            _migrate(connection, found)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command  # slow to load and seldom needed
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreTooNew(found=found, known=NEWEST)
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration left {len(broken)} references without their row")
