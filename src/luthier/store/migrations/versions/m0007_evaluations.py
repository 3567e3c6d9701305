"""Suites can be run on targets: evaluations with what came of each case, blind votes on them, and gates."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluations",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("evaluation_id", sa.Text, nullable=False, unique=True),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("target_version", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("outcomes", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("evaluations_by_suite", "evaluations", ["suite", "target_version"])
    op.create_table(
        "blind_votes",
        sa.Column(
            "evaluation_id",
            sa.Text,
            sa.ForeignKey("evaluations.evaluation_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("choice", sa.Text, nullable=False),
    )
    op.create_table(
        "gates",
        sa.Column("suite", sa.Text, primary_key=True),
        sa.Column("allowed_drop", sa.Double, nullable=False),
    )
