"""Notices, their way through the channels, and readers of the events that remember how far they came."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("notice_id", sa.Text, nullable=False, unique=True),
        sa.Column("home", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("notices_by_home", "notices", ["home", "seq"])
    op.create_table(
        "deliveries",
        sa.Column("notice_id", sa.Text, sa.ForeignKey("notices.notice_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("deliveries_by_turn", "deliveries", ["state", "due_at"])
    op.create_table(
        "readers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seq", _NUMBER, nullable=False),
    )
