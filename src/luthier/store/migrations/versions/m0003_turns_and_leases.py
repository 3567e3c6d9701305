"""Runs have a turn in the queue of their workspace, and one supervisor that acts for them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NORMAL = 1


def upgrade() -> None:
    for column in (
        sa.Column("home", sa.Text, nullable=False, server_default=""),
        sa.Column("rank", sa.Integer, nullable=False, server_default=str(_NORMAL)),
        sa.Column("ticket", _NUMBER, nullable=False, server_default="0"),
    ):
        op.add_column("runs", column)
    op.create_index("runs_by_turn", "runs", ["state", "home", "rank", "ticket"])
    op.create_table(
        "leases",
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", _NUMBER, nullable=False),
        sa.Column("beat", _NUMBER, nullable=False),
    )
