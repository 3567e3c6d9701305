"""`luthier clean-up`: what uses the disk, what can go, and letting it go."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from luthier.cli import declare
from luthier.cli.render.tables import table
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.disk_use import KINDS, DiskUse
from luthier.kit.units import show_bytes

app = declare.shortcut()


@declare.command(app, "clean-up")
def clean_up(
    terminal: Terminal,
    items: Annotated[list[str] | None, typer.Argument(metavar="ITEM...", help="What shall go, by its name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove all that is offered.")] = False,
) -> None:
    """See what uses the disk and what can go; with names, or --all, let it go."""
    use = terminal.workspace.disk.use()
    wanted = [item.item_id for item in use.offered] if everything else items or []
    if not wanted:
        terminal.result(use, lambda: _show(use))
        return
    done = terminal.workspace.disk.clean_up(wanted)
    terminal.result(done, lambda: [plain(f"{len(done.removed)} removed, {show_bytes(done.freed_bytes)} freed.")])


def _show(use: DiskUse) -> Iterable[RenderableType]:
    rows = [(name, show_bytes(use.of_kind(kind))) for kind, name in KINDS.items() if use.of_kind(kind)]
    yield table(("What", "Size"), rows, right=("Size",))
    yield Text(f"{show_bytes(use.bytes)} in all; {show_bytes(use.free_bytes)} free on this disk", "soft")
    if use.is_low:
        yield Text(f"That is low: {show_bytes(use.low_below_bytes)} should be free.", "warn")
    if not use.offered:
        yield Text("Nothing can go: what serves, is tagged or is still needed always stays.")
        return
    yield Text(f"\nCan go, {show_bytes(use.offered_bytes)} in all", "head")
    offered = [(item.item_id, item.label, show_bytes(item.bytes), item.why) for item in use.offered]
    yield table(("Item", "Of", "Size", "Why"), offered, right=("Size",))
    yield Text("Let them go: luthier clean-up ITEM..., or luthier clean-up --all")
