"""Keys that a person makes have a name and a scope, and what was said to models is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("scope", sa.Text, nullable=False, server_default="all"))
    op.add_column("sessions", sa.Column("key_id", sa.Text))
    op.add_column("sessions", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.create_index("sessions_by_key", "sessions", ["key_id"], unique=True)
    op.create_table(
        "chats",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("chat_id", sa.Text, nullable=False, unique=True),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("chats_by_change", "chats", ["changed_at"])
