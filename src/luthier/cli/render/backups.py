"""Backups: what they hold, and what they had to leave out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import count_of, plain
from luthier.domain.backups import Backup
from luthier.kit.units import show_bytes, show_count


def show_backup(backup: Backup) -> Iterable[RenderableType]:
    holds = [count_of(backup.runs, "run"), count_of(backup.datasets, "dataset"), count_of(backup.versions, "version")]
    beside = [
        name for name, wanted in (("base models", backup.options.models), ("keys", backup.options.secrets)) if wanted
    ]
    yield facts(
        [
            ("Backup", backup.path),
            ("Made", f"{local_time(backup.made_at)} with Luthier {backup.made_with}"),
            ("Holds", ", ".join([*holds, *beside])),
            ("Size", f"{show_bytes(backup.bytes)}, {show_bytes(backup.content_bytes)} when restored"),
        ]
    )
    for left in backup.left_out:
        yield plain(f"  Left out: {left.what}, because {left.reason}.", "warn")


def backups_table(backups: Sequence[Backup]) -> Iterable[RenderableType]:
    if not backups:
        yield Text("No backups yet. Make one: luthier backups make")
        return
    rows = [
        (Path(item.path).name, local_time(item.made_at), show_count(item.runs), show_bytes(item.bytes))
        for item in backups
    ]
    yield table(("Name", "Made", "Runs", "Size"), rows, right=("Runs", "Size"))
