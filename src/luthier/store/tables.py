"""The tables: the columns that are looked up or sorted by, and a JSON body that holds the whole value."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware time as ISO 8601 text in UTC: the same on both databases, and sortable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only a plain INTEGER


def _seq() -> Column[int]:
    """The order of creation, whatever the clock said."""
    return Column("seq", _NUMBER, primary_key=True, autoincrement=True)


def _of_run(*, primary_key: bool = True, nullable: bool = False) -> Column[str]:
    return Column(
        "run_id", Text, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=primary_key, nullable=nullable
    )


runs = Table(
    "runs",
    metadata,
    _seq(),
    Column("run_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # of its turn: the highest first, then the lowest ticket
    Column("ticket", _NUMBER, nullable=False),
    Column("body", Text, nullable=False),
    Index("runs_by_name", "name"),
    Index("runs_by_state", "state", "seq"),
    Index("runs_by_turn", "state", "home", "rank", "ticket"),
    sqlite_autoincrement=True,
)
leases = Table(
    "leases",
    metadata,
    _of_run(),
    Column("holder", Text, nullable=False),
    Column("token", _NUMBER, nullable=False),
    Column("beat", _NUMBER, nullable=False),
)
attempts = Table(
    "attempts", metadata, _of_run(), Column("number", Integer, primary_key=True), Column("body", Text, nullable=False)
)
metrics = Table(
    "metrics",
    metadata,
    _of_run(),
    Column("name", Text, primary_key=True),
    Column("step", _NUMBER, primary_key=True),
    Column("value", Double),  # null stands for "not a number", which SQLite cannot hold
    sqlite_with_rowid=False,
)
checkpoints = Table(
    "checkpoints", metadata, _of_run(), Column("step", _NUMBER, primary_key=True), Column("body", Text, nullable=False)
)
events = Table(
    "events",
    metadata,
    _seq(),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    _of_run(primary_key=False, nullable=True),
    Column("author", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("events_by_run", "run_id", "seq"),
    sqlite_autoincrement=True,
)
dataset_versions = Table(
    "dataset_versions",
    metadata,
    _seq(),
    Column("dataset_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("name", "number", name="dataset_versions_by_label"),
    Index("dataset_versions_by_id", "dataset_id"),
    sqlite_autoincrement=True,
)
versions = Table(
    "versions",
    metadata,
    _seq(),
    Column("version_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("name", "number", name="versions_by_label"),
    sqlite_autoincrement=True,
)
notices = Table(
    "notices",
    metadata,
    _seq(),
    Column("notice_id", Text, nullable=False, unique=True),
    Column("home", Text, nullable=False),  # the workspace that delivers it
    Column("key", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Index("notices_by_home", "home", "seq"),
    sqlite_autoincrement=True,
)
deliveries = Table(
    "deliveries",
    metadata,
    Column("notice_id", Text, ForeignKey("notices.notice_id", ondelete="CASCADE"), primary_key=True),
    Column("channel_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Index("deliveries_by_turn", "state", "due_at"),
)
readers = Table(  # who reads the events in order, and how far each has come
    "readers", metadata, Column("name", Text, primary_key=True), Column("seq", _NUMBER, nullable=False)
)
exports = Table(
    "exports",
    metadata,
    _seq(),
    Column("export_id", Text, nullable=False, unique=True),
    Column("version_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("exports_by_version", "version_id"),
    sqlite_autoincrement=True,
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)
