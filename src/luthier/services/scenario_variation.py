"""Writes varied scenarios: each checked again before it is kept, none like another."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from luthier.data.scenarios.read import Reading, read_scenario
from luthier.data.scenarios.tree import body_of, printed
from luthier.data.scenarios.vary import varied
from luthier.domain.jobs import Progress
from luthier.domain.scenarios import ScenarioEntry, ScenarioVariationWrong, Variation, VariedFile
from luthier.kit.files import write_atomically

_TRIES = 20
_NEXT_SEEDS = 1_000_003  # far enough away not to meet the seeds that other variations have


def write_variations(
    readings: Mapping[str, Reading],
    wanted: Sequence[tuple[ScenarioEntry, int]],
    folder: Path,
    report: Callable[[Progress], None],
) -> Variation:
    seen: set[bytes] = set()
    files: list[VariedFile] = []
    equal = 0
    for done, (entry, seed) in enumerate(wanted):
        report(Progress(what="varying", done=done, total=len(wanted)))
        for attempt in range(_TRIES):
            tried = seed + attempt * _NEXT_SEEDS
            reading = _varied(readings[entry.file], tried, entry.file)
            key = hashlib.blake2b(body_of(reading.tree).encode(), digest_size=12).digest()
            if key not in seen:
                seen.add(key)
                files.append(_write(reading, entry, tried, folder))
                break
        else:
            equal += 1
    return Variation(folder=str(folder), files=tuple(files), equal_left_out=equal)


def _varied(source: Reading, seed: int, origin: str) -> Reading:
    reading = read_scenario(varied(source, seed, origin), source.grammar, origin)
    if reading.errors:
        first = f"{reading.errors[0].place}: {reading.errors[0].sentence}"
        raise ScenarioVariationWrong(file=origin, seed=seed, first=first)
    return reading


def _write(reading: Reading, entry: ScenarioEntry, seed: int, folder: Path) -> VariedFile:
    name = PurePosixPath(entry.file)
    place = (name.parent / f"{name.stem}-{seed:04d}.md").as_posix()
    write_atomically(folder / place, printed(reading.tree).encode())
    return VariedFile(file=place, category=entry.category, origin=entry.file, seed=seed)
