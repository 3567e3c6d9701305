"""Versions: what they are tuned from and how much better they became."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.evaluations import MEASURES
from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.domain.version_comparisons import VersionComparison
from luthier.domain.versions import Parent, Version
from luthier.kit.units import show_percent

_MOST_ANSWERS = 5


def versions_table(versions: Sequence[Version]) -> Iterable[RenderableType]:
    if not versions:
        yield Text("No versions yet. A run that completes becomes one: luthier demo")
        return
    rows = [
        (item.label, item.base_name, _quality(item), _proof(item), ", ".join(item.tags), local_time(item.created_at))
        for item in versions
    ]
    yield table(("Version", "Base", "Quality", "Held-out score", "Tags", "Created"), rows, right=("Quality",))


def show_version(version: Version, children: Sequence[Version] = ()) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Version", f"{version.label} ({version.number_reason})" if version.number_reason else version.label),
            ("Id", version.version_id),
            ("Created", local_time(version.created_at)),
            ("Base", f"{version.base_name} ({version.base_revision[:16]}, {version.licence})"),
            ("Dataset", version.dataset_id),
            ("Run", version.run_id),
            (MEASURES.get(str(version.summary.get("scorer")), "Held-out loss"), _proof(version)),
            ("Model" if version.kind == "model" else "Adapter", version.adapter_folder),
            ("Checksum", version.adapter_sha256),
            *((f"Data, {side}", sha256) for side, sha256 in version.data_sha256.items()),
            *((parent.how.capitalize(), _weighed(parent)) for parent in version.parents),
            *(("Led to", child.label) for child in children),
            *((("Tags", ", ".join(version.tags)),) if version.tags else ()),
            *((("Notes", version.notes),) if version.notes else ()),
            *((("Made with", _listed(version.environment)),) if version.environment else ()),
        ]
    )


def show_comparison(found: VersionComparison) -> Iterable[RenderableType]:
    yield Text(found.sentence, "head")
    yield from (Text(doubt, "warn") for doubt in found.doubts)
    labels = ("", found.first.label, found.second.label)
    for title, rows in (("Measured", found.figures), ("Made differently", found.differences)):
        if rows:
            yield Text(f"\n{title}", "head")
            yield table(labels, [(row.name, *map(_shown, row.values)) for row in rows])
    changed = [each for each in found.answers if each.right[0] != each.right[1]]
    if changed:
        yield Text("\nAnswers of which one is right", "head")
        yield table(("Asked", *labels[1:]), [(each.prompt, *each.answers) for each in changed[:_MOST_ANSWERS]])


def _weighed(parent: Parent) -> str:
    return parent.label if parent.weight is None else f"{parent.label} times {parent.weight:g}"


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _quality(version: Version) -> str:
    score = version.summary.get("quality_score")
    return "–" if score is None else str(score)


def _proof(version: Version) -> str:
    summary = version.summary
    if "tuned_share" in summary:
        return f"{show_percent(summary['base_share'])} to {show_percent(summary['tuned_share'])}"
    if summary.get("tuned_reward") is not None:
        return f"reward {summary['base_reward']:.4f} to {summary['tuned_reward']:.4f}"
    if summary.get("tuned_loss") is not None and summary.get("base_loss") is not None:
        return f"loss {summary['base_loss']:.4f} to {summary['tuned_loss']:.4f}"
    return "not measured"
