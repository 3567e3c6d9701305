"""Settings with what decides them, and what goes because it was kept for long enough."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.tables import Cell, facts, table
from luthier.cli.render.text import count_of, heading, soft
from luthier.domain.kept_settings import Leaving, SettingStanding, shown
from luthier.kit.units import show_bytes


def settings_table(standings: Sequence[SettingStanding]) -> Iterable[RenderableType]:
    for section in dict.fromkeys(each.section for each in standings):
        yield heading(section)
        yield facts((each.name, _value(each)) for each in standings if each.section == section)


def setting_facts(standing: SettingStanding) -> Iterable[RenderableType]:
    yield Text(standing.label, "head")
    yield Text(standing.help)
    takes = " or ".join(standing.choices) if standing.choices else {"switch": "on or off"}.get(standing.takes, "")
    pairs: list[tuple[str, Cell]] = [
        ("value", _value(standing)),
        ("takes", takes or f"a {standing.takes} {standing.unit}".rstrip()),
        ("default", shown(standing.default) or standing.none),
        ("variable", standing.variable),
        ("counts", "at once" if standing.at_once else "when Luthier is started again"),
    ]
    yield facts(pairs)


def leaving_table(leaving: Sequence[Leaving], dry_run: bool) -> Iterable[RenderableType]:
    if not leaving:
        yield soft("Nothing is older than it is kept.")
        return
    rows = [(each.kind, each.name, f"{each.days:.0f} days", show_bytes(each.size_bytes)) for each in leaving]
    yield table(("What", "Of", "Age", "Size"), rows, right=("Age", "Size"))
    size = show_bytes(sum(each.size_bytes for each in leaving))
    yield soft(f"{count_of(len(leaving), 'thing')}, {size}: {'would go' if dry_run else 'gone'}.")


def _value(standing: SettingStanding) -> Text:
    value = shown(standing.value) or standing.none
    unit = f" {standing.unit}" if standing.unit and standing.value is not None else ""
    by = {"default": "", "file": "  from the file", "environment": f"  from {standing.variable}"}[standing.source]
    return Text.assemble(value, (unit, "soft"), (by, "soft"))
