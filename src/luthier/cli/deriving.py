"""What the commands that make datasets from datasets share: options, progress, and how the outcome is told."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from luthier.cli.render.derivations import show_made
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.derivations import request_from

DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, name@version, id, or the beginning of an id.")
]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="What to call it (default: the next version of its name).")
]
SeedOption = Annotated[int, typer.Option(min=0, metavar="N", help="Of the chance; the same one decides the same.")]
NearOption = Annotated[
    float, typer.Option(min=0.01, max=1, metavar="S", help="Texts at least this similar are one; 1: only equal ones.")
]


def make(
    terminal: Terminal, references: str | Sequence[str], what: str, parameters: dict[str, Any], name: str | None
) -> None:
    """Parameters that are None are left to their defaults."""
    request = request_from(what, {key: value for key, value in parameters.items() if value is not None})
    workspace = terminal.workspace
    names = [references] if isinstance(references, str) else list(references)
    parents = {workspace.datasets.get(reference).dataset_id for reference in names}
    made = terminal.patiently(
        "Reading", lambda report: workspace.derivations.derive(names, request, name=name, on_progress=report)
    )
    terminal.result({"datasets": list(made)}, lambda: show_made(made, parents))
    terminal.say("Where it comes from:", plain(f"  luthier datasets lineage {made[0].label}", "command"))
