"""Datasets are counted within their name, and one content may carry several names."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "dataset_versions",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "number", name="dataset_versions_by_label"),
        sqlite_autoincrement=True,
    )
    op.create_index("dataset_versions_by_id", "dataset_versions", ["dataset_id"])
    op.execute(
        "INSERT INTO dataset_versions (dataset_id, name, number, body) "
        "SELECT dataset_id, name, row_number() OVER (PARTITION BY name ORDER BY seq), body FROM datasets ORDER BY seq"
    )
    op.drop_table("datasets")
