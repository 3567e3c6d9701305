"""Which scenario is varied how often, so that every category comes out with as many as every other."""

from collections.abc import Iterator, Sequence

from luthier.domain.scenarios import ScenarioEntry


def balanced(entries: Sequence[ScenarioEntry], count: int, seed: int) -> Iterator[tuple[ScenarioEntry, int]]:
    """`count` pairs of a scenario and its seed: in turn through the categories, and through each one's files."""
    by_category: dict[str, list[ScenarioEntry]] = {}
    for entry in entries:
        by_category.setdefault(entry.category, []).append(entry)
    categories = sorted(by_category)
    for number in range(count if categories else 0):
        turn, at = divmod(number, len(categories))
        files = by_category[categories[at]]
        again, file = divmod(turn, len(files))
        yield files[file], seed + again
