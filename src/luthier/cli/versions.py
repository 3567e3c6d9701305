"""`luthier versions`: results that were registered, with what is needed to trust them, and where they serve."""

from typing import Annotated

import typer

from luthier.cli import declare
from luthier.cli.render.deployments import show_deployment
from luthier.cli.render.text import plain
from luthier.cli.render.versions import show_comparison, show_version, versions_table
from luthier.cli.terminal import Terminal
from luthier.domain.demos import demo_wanted

app = declare.noun()

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="name, name@number, id, or its beginning.")]
SlotArgument = Annotated[str, typer.Argument(metavar="SLOT", help="subject/trait, e.g. dungeon-master/tone.")]


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Only those in which all of these words stand.")] = "",
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="Only those with this tag.")] = None,
) -> None:
    """All versions, newest first."""
    versions = terminal.workspace.versions.list(words, tag)
    terminal.result(versions, lambda: versions_table(versions))
    if terminal.workspace.disk.is_low():
        terminal.say("Space on this disk is low. See what can go:", plain("  luthier clean-up", "command"))


@declare.command(app, "show")
def show(terminal: Terminal, version: VersionArgument) -> None:
    """One version: its base, its data, its proof, its files, where it comes from and what came of it."""
    found = terminal.workspace.versions.get(version)
    children = terminal.workspace.versions.children(found.version_id)
    terminal.result(found, lambda: show_version(found, children))


@declare.command(app, "compare")
def compare(
    terminal: Terminal,
    first: Annotated[str, typer.Argument(metavar="VERSION", help="The one that is held against.")],
    second: Annotated[str, typer.Argument(metavar="VERSION", help="The one that is asked about.")],
) -> None:
    """Two versions: what they were made from, what was measured, and whether one is better."""
    found = terminal.workspace.versions.compare(first, second)
    terminal.result(found, lambda: show_comparison(found))


@declare.command(app, "create")
def create(
    terminal: Terminal,
    source: Annotated[str, typer.Argument(metavar="RUN|VERSION", help="Whose result is registered once more.")],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What it is called (default: as before).")] = None,
    number: Annotated[
        str | None, typer.Option(metavar="X.Y.Z", help="Default: counted on by what has changed.")
    ] = None,
) -> None:
    """Register a result under another name or number, e.g. 1.0.0."""
    made = terminal.workspace.versions.create(source, name=name, number=number)
    terminal.result(made, lambda: [plain(f"{made.label} is registered ({made.number_reason}).")])


@declare.command(app, "tag")
def tag(
    terminal: Terminal,
    version: VersionArgument,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="E.g. production; what is tagged is never cleaned up.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the tag away.")] = False,
) -> None:
    """Give a version a tag."""
    versions = terminal.workspace.versions
    found = versions.untag(version, tag) if remove else versions.tag(version, tag)
    terminal.result(found, lambda: [plain(f"{found.label} is tagged {', '.join(found.tags) or 'nothing'}.")])


@declare.command(app, "note")
def note(
    terminal: Terminal,
    version: VersionArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="In the place of the note that it had.")],
) -> None:
    """Note something of a version."""
    found = terminal.workspace.versions.note(version, text)
    terminal.result(found, lambda: [plain(f"{found.label} is noted: {found.notes}")])


@declare.command(app, "remove")
def remove(terminal: Terminal, version: VersionArgument) -> None:
    """Remove a version with its files; one that serves, is tagged or is stood on stays."""
    gone = terminal.workspace.versions.remove(version)
    terminal.result(gone, lambda: [plain(f"{gone.label} is removed.")])


@declare.command(app, "deploy")
def deploy(terminal: Terminal, version: VersionArgument, slot: SlotArgument) -> None:
    """Let a version serve under the name of a slot; it is tried first."""
    deployments = terminal.workspace.deployments
    made = terminal.patiently("Trying it", lambda report: deployments.deploy(version, slot, on_progress=report))
    terminal.result(made, lambda: show_deployment(made))
    terminal.say("Ask it:", plain(f"  luthier chat {slot}", "command"))


@declare.command(app, "rollback")
def rollback(
    terminal: Terminal,
    slot: SlotArgument,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Of those that served there (default: the one before).")
    ] = None,
) -> None:
    """Let the version serve again that served in a slot before; it is tried first."""
    deployments = terminal.workspace.deployments
    made = terminal.patiently("Trying it", lambda report: deployments.roll_back(slot, to, on_progress=report))
    terminal.result(made, lambda: show_deployment(made))


@declare.command(app, "demo")
def demo(
    terminal: Terminal,
    version: VersionArgument,
    export: Annotated[
        str | None, typer.Option(metavar="EXPORT", help="Its GGUF file goes along, so that no server is needed.")
    ] = None,
    inputs: Annotated[str, typer.Option(metavar="KIND", help="chat, or text: one text at a time.")] = "chat",
    outputs: Annotated[str, typer.Option(metavar="KIND", help="text, or json; with --inputs text.")] = "text",
    start: Annotated[bool, typer.Option("--start", help="And start it here.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop the one that runs.")] = False,
) -> None:
    """Write a page made with Gradio on which a version can be tried, in a folder that runs anywhere."""
    demos = terminal.workspace.demos
    if stop:
        demos.stop(version)
        terminal.result({"stopped": version}, lambda: [plain("It is stopped.")])
        return
    written = demos.write(version, demo_wanted(inputs, outputs), export)
    if start:
        with terminal.progress("Starting it"):
            written = demos.start(version)
    terminal.result(written, lambda: [plain(written.url or written.folder)])
    terminal.say("Run it anywhere:", plain("  pip install -r requirements.txt && python app.py", "command"))
