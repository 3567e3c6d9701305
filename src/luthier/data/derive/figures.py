"""The report of a derived dataset, counted while its examples are written: the same numbers as those of an import."""

from collections.abc import Iterable, Iterator

from luthier.data.tally import Tally
from luthier.domain.datasets import DatasetReport, Example, Mapping


class Figures:
    def __init__(self) -> None:
        self._tally = Tally()

    @property
    def examples(self) -> int:
        return self._tally.examples

    def counted(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            self._tally.count(example)
            yield example

    def report(self, source: str, source_bytes: int, mapping: Mapping) -> DatasetReport:
        tally = self._tally
        return DatasetReport(
            source=source,
            source_bytes=source_bytes,
            encoding="utf-8",
            mapping=mapping,
            rows=tally.examples,
            examples=tally.examples,
            turns_mean=tally.turns / tally.examples if tally.examples else 0.0,
            characters_p50=tally.median_characters(),
            characters_max=tally.characters_max,
            findings=(),
            previews=tuple(tally.previews),
        )
