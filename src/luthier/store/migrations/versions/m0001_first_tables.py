"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _create_runs()
    _create_what_belongs_to_runs()
    _create_events()
    _create_datasets_and_versions()
    _create_sessions()


def _seq() -> sa.Column[int]:
    return sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True)


def _of_run(*, primary_key: bool, nullable: bool) -> sa.Column[str]:
    reference = sa.ForeignKey("runs.run_id", ondelete="CASCADE")
    return sa.Column("run_id", sa.Text, reference, primary_key=primary_key, nullable=nullable)


def _create_runs() -> None:
    op.create_table(
        "runs",
        _seq(),
        sa.Column("run_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("runs_by_name", "runs", ["name"])
    op.create_index("runs_by_state", "runs", ["state", "seq"])


def _create_what_belongs_to_runs() -> None:
    op.create_table(
        "attempts",
        _of_run(primary_key=True, nullable=False),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "metrics",
        _of_run(primary_key=True, nullable=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("step", _NUMBER, primary_key=True),
        sa.Column("value", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        _of_run(primary_key=True, nullable=False),
        sa.Column("step", _NUMBER, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )


def _create_events() -> None:
    op.create_table(
        "events",
        _seq(),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        _of_run(primary_key=False, nullable=True),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("events_by_run", "events", ["run_id", "seq"])


def _create_datasets_and_versions() -> None:
    op.create_table(
        "datasets",
        _seq(),
        sa.Column("dataset_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("datasets_by_name", "datasets", ["name"])
    op.create_table(
        "versions",
        _seq(),
        sa.Column("version_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "number", name="versions_by_label"),
        sqlite_autoincrement=True,
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text),
        sa.Column("last_used_at", sa.Text),
        sa.Column("revoked_at", sa.Text),
    )
