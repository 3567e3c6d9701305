"""Base models: where they came from and how large they are."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.tables import facts, table
from luthier.domain.models import BaseModel
from luthier.kit.units import show_count


def models_table(models: Sequence[BaseModel]) -> Iterable[RenderableType]:
    if not models:
        yield Text("No base models yet. Fetch the starter: luthier models pull starter")
        return
    rows = [
        (item.name, item.shape.architecture, _millions(item), show_count(item.shape.context_length), item.licence)
        for item in models
    ]
    columns = ("Name", "Architecture", "Parameters", "Context", "Licence")
    yield table(columns, rows, right=("Parameters", "Context"))


def show_model(model: BaseModel) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Model", model.name),
            ("Folder", model.folder),
            ("Source", model.source),
            ("Revision", model.revision),
            ("Licence", model.licence),
            ("Parameters", _millions(model)),
            ("Context", f"{show_count(model.shape.context_length)} tokens"),
        ]
    )


def _millions(model: BaseModel) -> str:
    return f"{model.shape.parameters / 1e6:,.1f} M"
