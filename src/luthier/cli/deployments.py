"""`luthier deployments`: which version serves in which slot, and what served there before."""

from luthier.cli import declare
from luthier.cli.render.deployments import deployments_table, show_deployment
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.cli.versions import SlotArgument

app = declare.noun()


@declare.command(app, "list")
def list_(terminal: Terminal) -> None:
    """All slots in which a version serves."""
    found = terminal.workspace.deployments.list()
    terminal.result(found, lambda: deployments_table(found))


@declare.command(app, "show")
def show(terminal: Terminal, slot: SlotArgument) -> None:
    """What serves in a slot, how it was tried, and what served there before."""
    found = terminal.workspace.deployments.get(slot)
    terminal.result(found, lambda: show_deployment(found))


@declare.command(app, "remove")
def remove(terminal: Terminal, slot: SlotArgument) -> None:
    """Let nothing serve in a slot any more; the versions stay."""
    gone = terminal.workspace.deployments.remove(slot)
    terminal.result(gone, lambda: [plain(f"{gone.serving.label} does not serve in {gone.slot} any more.")])
