"""Datasets that were made from others: what came out, where it comes from, and what changed."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from luthier.cli.render.datasets import show_examples
from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import count_of, heading, one_line, plain, soft, visible
from luthier.domain.datasets import Dataset, Sample
from luthier.domain.derivations import DatasetDiff, Derivation, Lineage
from luthier.kit.units import show_count


def show_made(made: Sequence[Dataset], parents: Collection[str]) -> Iterable[RenderableType]:
    for dataset in made:
        yield plain(f"{dataset.label} ({dataset.dataset_id}): {_examples(dataset.examples)}.")
        if dataset.dataset_id in parents:
            yield soft("  Nothing in it had to be changed.")
    counts = made[0].made_by.counts if made[0].made_by and made[0].dataset_id not in parents else {}
    for why, count in counts.items():
        yield soft(f"  {show_count(count)} {why}")


def show_lineage(lineage: Lineage) -> Tree:
    tree = Tree(_node(lineage), guide_style="soft")
    _grow(tree, lineage)
    return tree


def show_diff(diff: DatasetDiff) -> Iterable[RenderableType]:
    kinds = (("Unchanged", diff.unchanged), ("Changed", diff.changed), ("Removed", diff.removed), ("Added", diff.added))
    yield facts([("From", diff.before), ("To", diff.after), *((kind, show_count(count)) for kind, count in kinds)])
    for change in diff.shown:
        match change.before, change.after:
            case dict() as before, dict() as after:
                yield heading(f"Changed: row {before['row']}, now row {after['row']}")
                yield from show_examples([before, after])
            case dict() as before, None:
                yield heading("Removed")
                yield from show_examples([before])
            case _, dict() as after:
                yield heading("Added")
                yield from show_examples([after])


def samples_table(samples: Sequence[Sample]) -> Iterable[RenderableType]:
    rows = [(f"sample:{each.name}", each.shape.value, show_count(each.examples), each.about) for each in samples]
    yield table(("Name", "Shape", "Examples", "What it is"), rows, right=("Examples",))


def _grow(tree: Tree, lineage: Lineage) -> None:
    for parent in lineage.parents:
        _grow(tree.add(_node(parent)), parent)


def _node(lineage: Lineage) -> Text:
    examples = "no longer here" if lineage.examples is None else _examples(lineage.examples)
    text = Text.assemble((visible(lineage.label), "head"), f" ({lineage.dataset_id}): {examples}")
    if lineage.made_by is not None:
        text.append(f"\n{visible(_made_by(lineage.made_by))}", "soft")
    if lineage.source and not lineage.parents:
        text.append(f"\n{visible(lineage.source)}", "soft")
    return text


def _made_by(derivation: Derivation) -> str:
    told = [
        f"{name} {_shown(value)}" for name, value in derivation.parameters.items() if value not in (None, [], {}, False)
    ]
    counts = [f"{show_count(count)} {why}" for why, count in derivation.counts.items()]
    parts = [derivation.what, ", ".join(told), "; ".join(counts), local_time(derivation.at)]
    return " · ".join(part for part in parts if part)


def _shown(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{key} {item}" for key, item in value.items())
        case list():
            return one_line(", ".join(str(item) for item in value), 80)
        case _:
            return one_line(str(value), 80)


def _examples(count: int) -> str:
    return count_of(count, "example") if count < 1000 else f"{show_count(count)} examples"
