"""Presets: what there is, what one asks for, and what is wrong with a file that should become one."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.findings import show_findings
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import plain, soft
from luthier.domain.presets import Preset, PresetCheck


def presets_table(presets: Sequence[Preset]) -> Iterable[RenderableType]:
    if not presets:
        yield Text("No presets yet. Keep the recipe of a run: luthier recipes save NAME --run RUN")
        return
    rows = [
        (
            preset.label,
            preset.recipe.base if preset.recipe else "its file is damaged",
            preset.recipe.adapter.summary if preset.recipe else "",
            ", ".join(preset.tags),
            preset.origin,
        )
        for preset in presets
    ]
    yield table(("Preset", "Base", "Trains", "Tags", "From"), rows)


def show_preset(preset: Preset, text: str) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Preset", f"{preset.label}, of {preset.versions}"),
            ("Saved", f"{preset.saved_at:%Y-%m-%d %H:%M}"),
            ("From", preset.origin or "not known"),
            ("Tags", ", ".join(preset.tags) or "none"),
        ]
    )
    yield Text()
    yield plain(text.rstrip("\n"))


def show_check(check: PresetCheck) -> Iterable[RenderableType]:
    if check.recipe is None:
        yield from show_findings(check.findings)
        yield soft("Nothing was kept.")
        return
    yield facts(
        [
            ("Would be kept as", check.name),
            ("Base model", check.recipe.base),
            ("Examples", check.recipe.data),
            ("Trains", check.recipe.adapter.summary),
        ]
    )
    if check.is_known:
        yield soft("The newest version of that name says the same, so nothing would change.")
