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


_FIGURES = ("loss", "tokens_per_second", "training_seconds")

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
    Column("method", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("sweep_id", Text),
    Column("words", Text, nullable=False),  # that a search looks for, in small letters
    *(Column(name, Double) for name in _FIGURES),
    Index("runs_by_name", "name"),
    Index("runs_by_sweep", "sweep_id"),
    # All that lists are filtered and sorted by: SQLite would read whole bodies on the way. PostgreSQL keeps them apart.
    Index("runs_as_listed", "state", "method", "base", "sweep_id", "words", *_FIGURES).ddl_if(dialect="sqlite"),
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
deployments = Table(
    "deployments",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("version_id", Text, nullable=False),  # that serves
    Column("body", Text, nullable=False),
    Index("deployments_by_version", "version_id"),
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
    Column("scope", Text, nullable=False, server_default="all"),
    Column("key_id", Text),  # of a key that a person made
    Column("name", Text, nullable=False, server_default=""),
    Index("sessions_by_key", "key_id", unique=True),
)
chats = Table(
    "chats",
    metadata,
    _seq(),
    Column("chat_id", Text, nullable=False, unique=True),
    Column("changed_at", Moment, nullable=False),
    Column("words", Text, nullable=False),  # all that was said, in lower case, to be searched
    Column("body", Text, nullable=False),
    Index("chats_by_change", "changed_at"),
    sqlite_autoincrement=True,
)
evaluations = Table(
    "evaluations",
    metadata,
    _seq(),
    Column("evaluation_id", Text, nullable=False, unique=True),
    Column("suite", Text, nullable=False),
    Column("target_version", Text),
    Column("body", Text, nullable=False),
    Column("outcomes", Text, nullable=False),  # of its cases: read only when somebody looks at them
    Index("evaluations_by_suite", "suite", "target_version"),
    sqlite_autoincrement=True,
)
blind_votes = Table(
    "blind_votes",
    metadata,
    Column("evaluation_id", Text, ForeignKey("evaluations.evaluation_id", ondelete="CASCADE"), primary_key=True),
    Column("case_id", Text, primary_key=True),
    Column("choice", Text, nullable=False),  # target, against or tie
)
gates = Table(
    "gates", metadata, Column("suite", Text, primary_key=True), Column("allowed_drop", Double, nullable=False)
)
