"""`luthier recipes`: presets, that is recipes kept under a name, in versions that never change."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from luthier.cli import declare
from luthier.cli.asking import AskedFor, BaseOption, DataOption, HeldOutOption, LimitOption, ProfileOption, SetOption
from luthier.cli.attend import attend
from luthier.cli.errors import GOOD, NEEDS_ATTENTION
from luthier.cli.render.plans import show_estimates
from luthier.cli.render.presets import presets_table, show_check, show_preset
from luthier.cli.render.text import plain
from luthier.cli.terminal import Terminal
from luthier.domain.presets import Preset
from luthier.services.recipe_files import read_recipe_text
from luthier.services.recipes import change_recipe, read_recipe

app = declare.noun()

PresetArgument = Annotated[str, typer.Argument(metavar="PRESET", help="Its name, or name@version.")]
TagOption = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="A word to find it by; may be repeated.")
]
NewNameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="Default: the recipe's or the file's.")]


@declare.command(app, "list")
def list_(
    terminal: Terminal,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Looked for in names, tags and recipes.")] = "",
    tag: Annotated[str, typer.Option(metavar="TAG", help="Only those with this tag.")] = "",
) -> None:
    """All presets, the newest version of each."""
    presets = terminal.workspace.presets.list(text, tag)
    terminal.result(presets, lambda: presets_table(presets))


@declare.command(app, "show")
def show(terminal: Terminal, preset: PresetArgument) -> None:
    """What a preset asks for."""
    found = terminal.workspace.presets.get(preset)
    terminal.result(found, lambda: show_preset(found, terminal.workspace.presets.export(found.label)))


@declare.command(app, "versions")
def versions(terminal: Terminal, preset: PresetArgument) -> None:
    """Every version of a preset, the newest first."""
    found = terminal.workspace.presets.versions(preset)
    terminal.result(found, lambda: presets_table(found))


@declare.command(app, "save")
def save(
    terminal: Terminal,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, dots and hyphens.")],
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Keep the recipe of this run.")] = None,
    file: Annotated[Path | None, typer.Option(metavar="RECIPE.yaml", help="Keep what this file says.")] = None,
    tag: TagOption = None,
) -> None:
    """Keep the recipe of a run or of a file; under a name that is there, as its next version."""
    if (run is None) == (file is None):
        raise typer.BadParameter("give either --run or --file")
    workspace = terminal.workspace
    if run is not None:
        found = workspace.runs.get(run)
        kept = workspace.presets.save(name, found.recipe, origin=f"the run {found.name}", tags=tag)
    else:
        assert file is not None
        kept = workspace.presets.save(name, read_recipe(file), origin=f"the file {file.name}", tags=tag)
    _say_kept(terminal, kept)


@declare.command(app, "import")
def import_(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="A recipe in YAML or JSON.")],
    name: NewNameOption = "",
    tag: TagOption = None,
    check: Annotated[bool, typer.Option("--check", help="Only look: what it says, or all that is wrong.")] = False,
) -> int:
    """Bring in a recipe that somebody gave you. Everything that is wrong is shown with its line, and nothing kept."""
    presets, text = terminal.workspace.presets, read_recipe_text(file)
    looked = presets.check(file.name, text, name)
    if check or looked.recipe is None:
        terminal.result(looked, lambda: show_check(looked))
        return GOOD if looked.recipe is not None else NEEDS_ATTENTION
    _say_kept(terminal, presets.bring_in(file.name, text, name, tag))
    return GOOD


@declare.command(app, "export")
def export(
    terminal: Terminal,
    preset: PresetArgument,
    form: Annotated[Literal["yaml", "json"], typer.Option("--format", help="yaml (default) or json.")] = "yaml",
) -> None:
    """Print the recipe file of a preset; `luthier train` and `luthier recipes import` read it."""
    text = terminal.workspace.presets.export(preset, form)
    terminal.result({"preset": preset, "format": form, "text": text}, lambda: [plain(text.rstrip("\n"))])


@declare.command(app, "tag")
def tag_(
    terminal: Terminal,
    preset: PresetArgument,
    tags: Annotated[list[str] | None, typer.Argument(metavar="[TAG]...", help="None: takes all away.")] = None,
) -> None:
    """Set the tags of a preset, instead of those that it had."""
    _say_kept(terminal, terminal.workspace.presets.tag(preset.partition("@")[0], tags or []))


@declare.command(app, "delete")
def delete(terminal: Terminal, preset: PresetArgument) -> None:
    """Delete a preset with all its versions. Runs that were made with it keep their recipe."""
    gone = terminal.workspace.presets.delete(preset)
    terminal.result(gone, lambda: [plain(f"{gone.name} is gone, with {gone.versions} of its versions.")])


@declare.command(app, "apply")
def apply(  # noqa: PLR0913 - a command's options are its parameters
    terminal: Terminal,
    preset: PresetArgument,
    data: DataOption = None,
    held_out: HeldOutOption = None,
    base: BaseOption = None,
    pin: SetOption = None,
    limit: LimitOption = None,
    profile: ProfileOption = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call the run.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Print the run's id and leave it.")] = False,
) -> int:
    """Train with a preset; options win over what it says."""
    asked = AskedFor(
        base=base,
        data=data,
        held_out=held_out,
        pins=tuple(pin or ()),
        limits=tuple(limit or ()),
        profiles=tuple(profile or ()),
        name=name,
    )
    workspace = terminal.workspace
    recipe = change_recipe(workspace.presets.recipe(preset), asked.overrides())
    seq = workspace.runs.latest_seq()
    run = terminal.patiently("Checking and planning", lambda report: workspace.runs.submit(recipe, report))
    if detach:
        terminal.result({"run_id": run.run_id, "name": run.name, "state": run.state.value}, lambda: [run.run_id])
        terminal.say(f"Watch it: luthier runs watch {run.name}")
        return GOOD
    terminal.say(*show_estimates(run.plan))
    return attend(terminal, run, seq)


def _say_kept(terminal: Terminal, preset: Preset) -> None:
    tags = f", tagged {', '.join(preset.tags)}" if preset.tags else ""
    terminal.result(preset, lambda: [plain(f"{preset.label} is kept{tags}.")])
    terminal.say(f"Train with it: luthier recipes apply {preset.name}")
