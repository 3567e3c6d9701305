"""Keeps the examples of scenarios as a dataset, as if they had been imported."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from luthier.data.tally import Tally
from luthier.domain.datasets import Dataset, DatasetReport, Example, Mapping, Shape
from luthier.domain.derivations import Derivation
from luthier.domain.findings import Finding
from luthier.kit.clock import Clock
from luthier.services.dataset_shelf import Draft, Shelf, Written, plain_name


class ScenarioDatasets:
    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    def keep(
        self,
        source: Path,
        name: str | None,
        examples: Iterable[Example],
        findings: Iterable[Finding],
        parameters: dict[str, Any],
    ) -> Dataset:
        """The findings are those of the source; the report counts the examples while they are written."""
        tally = Tally()
        for finding in findings:
            tally.note(finding)
        made_by = Derivation(what="import", parameters={"scenarios": parameters}, at=self._clock.now())
        draft = Draft(name or plain_name(source.stem), Shape.MESSAGES, str(source.absolute()))
        return self._shelf.keep(
            draft, _counted(examples, tally), lambda written: Written(_report(source, written, tally), made_by)
        )


def _counted(examples: Iterable[Example], tally: Tally) -> Iterator[Example]:
    for example in examples:
        tally.rows += 1
        tally.count(example)
        yield example


def _report(source: Path, written_bytes: int, tally: Tally) -> DatasetReport:
    columns = {"messages": "messages", "tools": "tools"}
    return DatasetReport(
        source=str(source),
        source_bytes=written_bytes,
        encoding="UTF-8",
        mapping=Mapping(shape=Shape.MESSAGES, columns=columns, confidence=1.0, reason="the turns of scenarios"),
        rows=tally.rows,
        examples=tally.examples,
        turns_mean=tally.turns / tally.examples if tally.examples else 0.0,
        characters_p50=tally.median_characters(),
        characters_max=tally.characters_max,
        findings=tuple(tally.findings),
        findings_left_out=tally.findings_left_out,
        previews=tuple(tally.previews),
    )
