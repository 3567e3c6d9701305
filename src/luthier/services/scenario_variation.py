"""Varied scenarios: each checked again before it is given, none like another."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from luthier.data.scenarios.read import Reading, read_scenario
from luthier.data.scenarios.tree import body_of, printed
from luthier.data.scenarios.vary import varied
from luthier.data.scenarios.view import changed_lines
from luthier.domain.jobs import Progress
from luthier.domain.scenario_views import VariedText
from luthier.domain.scenarios import ScenarioEntry, ScenarioVariationWrong, Variation, VariedFile
from luthier.kit.files import write_atomically

_TRIES = 20
_NEXT_SEEDS = 1_000_003  # far enough away not to meet the seeds that other variations have


@dataclass(frozen=True, slots=True)
class Varied:
    reading: Reading
    entry: ScenarioEntry
    seed: int

    def as_text(self, source: Reading) -> VariedText:
        return VariedText(
            origin=self.entry.file,
            category=self.entry.category,
            seed=self.seed,
            text=printed(self.reading.tree),
            changed=changed_lines(source.tree, self.reading.tree),
        )

    def write(self, folder: Path) -> VariedFile:
        name = PurePosixPath(self.entry.file)
        place = (name.parent / f"{name.stem}-{self.seed:04d}.md").as_posix()
        write_atomically(folder / place, printed(self.reading.tree).encode())
        return VariedFile(file=place, category=self.entry.category, origin=self.entry.file, seed=self.seed)


class Variations:
    """Iterate once; then `equal_left_out` says how many came out like one before."""

    def __init__(
        self,
        readings: Mapping[str, Reading],
        wanted: Sequence[tuple[ScenarioEntry, int]],
        report: Callable[[Progress], None],
    ) -> None:
        self._readings = readings
        self._wanted = wanted
        self._report = report
        self.equal_left_out = 0

    def __iter__(self) -> Iterator[Varied]:
        seen: set[bytes] = set()
        for done, (entry, seed) in enumerate(self._wanted):
            self._report(Progress(what="varying", done=done, total=len(self._wanted)))
            for attempt in range(_TRIES):
                tried = seed + attempt * _NEXT_SEEDS
                reading = _varied(self._readings[entry.file], tried, entry.file)
                key = hashlib.blake2b(body_of(reading.tree).encode(), digest_size=12).digest()
                if key not in seen:
                    seen.add(key)
                    yield Varied(reading, entry, tried)
                    break
            else:
                self.equal_left_out += 1


def write_variations(variations: Variations, folder: Path) -> Variation:
    files = tuple(each.write(folder) for each in variations)
    return Variation(folder=str(folder), files=files, equal_left_out=variations.equal_left_out)


def _varied(source: Reading, seed: int, origin: str) -> Reading:
    reading = read_scenario(varied(source, seed, origin), source.grammar, origin)
    if reading.errors:
        first = f"{reading.errors[0].place}: {reading.errors[0].sentence}"
        raise ScenarioVariationWrong(file=origin, seed=seed, first=first)
    return reading
