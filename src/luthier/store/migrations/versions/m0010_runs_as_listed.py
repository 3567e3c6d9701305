"""What runs are filtered and sorted by gets columns, filled from the bodies that are there."""

import json
import math
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

_FIGURES = ("loss", "tokens_per_second", "training_seconds")
_AT_ONCE = 500


def upgrade() -> None:
    for column in (
        sa.Column("method", sa.Text, nullable=False, server_default="sft"),
        sa.Column("base", sa.Text, nullable=False, server_default=""),
        sa.Column("sweep_id", sa.Text),
        sa.Column("words", sa.Text, nullable=False, server_default=""),
        *(sa.Column(name, sa.Double) for name in _FIGURES),
    ):
        op.add_column("runs", column)
    _fill(op.get_bind())
    op.create_index("runs_by_sweep", "runs", ["sweep_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("runs_as_listed", "runs", ["state", "method", "base", "sweep_id", "words", *_FIGURES])


def _fill(connection: sa.Connection) -> None:
    names = ("method", "base", "sweep_id", "words", *_FIGURES)
    statement = sa.text(f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in names)} WHERE seq = :seq")  # noqa: S608 - names are constants
    for rows in _bodies(connection):
        connection.execute(statement, [{"seq": row.seq, **_columns(row.name, json.loads(row.body))} for row in rows])


def _bodies(connection: sa.Connection) -> Iterator[list[Any]]:
    """A few hundred runs at a time, because a body can be long."""
    page = sa.text("SELECT seq, name, body FROM runs WHERE seq > :seq ORDER BY seq LIMIT :most")
    last = 0
    while rows := list(connection.execute(page, {"seq": last, "most": _AT_ONCE})):
        yield rows
        last = rows[-1].seq


def _columns(name: str, run: dict[str, Any]) -> dict[str, Any]:
    recipe = run["recipe"]
    base, data = recipe.get("base", "starter"), recipe["data"].rpartition("/")[2]
    figures = {figure: run.get(figure) or None for figure in _FIGURES[1:]} | {"loss": run.get("loss")}
    return {
        "method": recipe.get("method", "sft"),
        "base": base.replace("\0", " "),
        "sweep_id": (run.get("sweep") or {}).get("sweep_id"),
        "words": f"{name}\n{base}\n{data}".lower().replace("\0", " "),
        **{figure: value if value is not None and math.isfinite(value) else None for figure, value in figures.items()},
    }
