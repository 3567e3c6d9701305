"""Scenarios: check, show, begin, index, format and vary Markdown files, and keep them as a dataset."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson

from luthier.data.scenarios.balance import balanced
from luthier.data.scenarios.check import check_scenarios, check_text, entry_of, read_file
from luthier.data.scenarios.convert import Each, document_of, examples_of
from luthier.data.scenarios.files import ENDINGS, ScenarioFile, find_scenarios, holds_more_than, read_text
from luthier.data.scenarios.grammar import Grammar, built_in_grammar, grammar_for, read_grammar
from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.packaged import pattern_text, patterns, with_title
from luthier.data.scenarios.read import Reading, read_scenario
from luthier.data.scenarios.tree import parse_tree
from luthier.data.scenarios.view import view_of
from luthier.domain.datasets import Dataset, Example
from luthier.domain.findings import Finding
from luthier.domain.jobs import Progress
from luthier.domain.scenario_views import ScenarioView, VariedText
from luthier.domain.scenarios import (
    LARGEST_COUNT,
    Conversion,
    FormattedFile,
    Pattern,
    ScenarioEntry,
    ScenarioFileExists,
    ScenarioOptions,
    ScenarioPathMissing,
    ScenariosHaveErrors,
    ScenariosNone,
    ScenariosReport,
    ScenariosTooMany,
    ScenarioTargetWrong,
    Variation,
)
from luthier.kit.files import exists, write_atomically, writing_atomically
from luthier.services.scenario_datasets import ScenarioDatasets
from luthier.services.scenario_variation import Variations, write_variations


class Scenarios:
    """`grammar` is a TOML file; without one, scenarios.toml beside the scenarios, else the built-in grammar."""

    def __init__(self, datasets: ScenarioDatasets) -> None:
        self._datasets = datasets

    def check(self, path: str, *, grammar: str | None = None, most: int | None = None) -> ScenariosReport:
        """Raises only when there is nothing to check, or more than `most` files; problems of files are findings."""
        place = _place(path)
        if most is not None and holds_more_than(place, most):
            raise ScenariosTooMany(source=path, most=most)
        report = check_scenarios(place, _grammar(place, grammar))
        if not report.entries:
            raise ScenariosNone(source=path)
        return report

    def check_text(self, text: str, *, name: str = "scenario.md") -> ScenariosReport:
        """Of a text that is being written."""
        return check_text(text, name, built_in_grammar())

    def view(self, text: str, *, name: str = "scenario.md", beside: str | None = None) -> ScenarioView:
        """Of a text that is being written; a grammar that lies beside the file `beside` is used."""
        grammar = built_in_grammar() if beside is None else grammar_for(Path(beside).expanduser())
        return view_of(read_scenario(text, grammar, name), name)

    def patterns(self) -> list[Pattern]:
        return patterns()

    def pattern_text(self, name: str) -> str:
        return pattern_text(name)

    def begun(self, template: str, *, title: str | None = None) -> str:
        """The text that a scenario begins with. Raises ScenarioPatternUnknown."""
        text = pattern_text(template)
        return with_title(text, title) if title else text

    def new(self, template: str, path: str, *, title: str | None = None) -> Path:
        """Begins a scenario; an existing file is left alone."""
        text = self.begun(template, title=title)
        place = Path(path).expanduser()
        if place.suffix.lower() not in ENDINGS and not exists(place):
            place = place.with_name(f"{place.name}.md")
        if exists(place):
            raise ScenarioFileExists(path=place, template=template)
        write_atomically(place, text.encode())
        return place

    def index(
        self, path: str, *, category: str | None = None, tag: str | None = None, grammar: str | None = None
    ) -> list[ScenarioEntry]:
        """What is in a folder, also of files with errors."""
        return self.check(path, grammar=grammar).only(category=category, tag=tag)

    def format(self, path: str, *, write: bool = True) -> list[FormattedFile]:
        """Lays files out in one way; with `write` false it only says which would change."""
        texts = []
        for file in _files(path):
            text = read_text(file)
            if isinstance(text, Finding):
                raise _errors_of(path, [text])
            texts.append((file, text, formatted(parse_tree(text))))
        for file, text, new in texts:
            if write and new != text:
                write_atomically(file.path, new.encode())
        return [FormattedFile(file=file.name, changed=new != text) for file, text, new in texts]

    def vary(
        self,
        path: str,
        to: str,
        *,
        count: int,
        seed: int = 0,
        grammar: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Variation:
        """Writes `count` varied scenarios into the folder `to`, as many of each category as of every other."""
        place, target = _place(path), Path(to).expanduser()
        if target.resolve().is_relative_to(place.resolve()):
            raise ScenarioTargetWrong(target=to, source=path)
        sound = list(self._sound(path, grammar))
        return write_variations(_variations(sound, count, seed, on_progress), target)

    def variants(self, path: str, *, count: int, seed: int = 0) -> list[VariedText]:
        """Some variations to look at; nothing is written."""
        sound = list(self._sound(path, None))
        sources = {file.name: reading for file, reading in sound}
        return [each.as_text(sources[each.entry.file]) for each in _variations(sound, count, seed, None)]

    def convert(
        self, path: str, to: str, *, each: Each = "turn", as_tools: bool = True, grammar: str | None = None
    ) -> Conversion:
        """Writes training examples as JSON lines."""
        target = Path(to).expanduser()
        sound = list(self._sound(path, grammar))
        count = 0
        with writing_atomically(target) as file:
            for example in _examples((reading for _, reading in sound), each, as_tools):
                count += 1
                file.write(orjson.dumps(document_of(example)) + b"\n")
        return Conversion(file=str(target), scenarios=len(sound), examples=count, as_tools=as_tools)

    def keep(
        self,
        path: str,
        *,
        name: str | None = None,
        options: ScenarioOptions | None = None,
        grammar: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Dataset:
        """Keeps the training examples as a dataset: of the scenarios, or of as many variations as are asked for."""
        options = options or ScenarioOptions()
        place = _place(path)
        sound = list(self._sound(path, grammar))
        findings = [finding for _, reading in sound for finding in reading.findings]
        readings: Iterable[Reading] = (reading for _, reading in sound)
        if options.count:
            variations = _variations(sound, options.count, options.seed, on_progress)
            readings = (each.reading for each in variations)
        return self._datasets.keep(
            place,
            name,
            _examples(readings, options.each, options.as_tools),
            findings,
            options.model_dump(mode="json", exclude=set() if options.count else {"count", "seed"}),
        )

    def _sound(self, path: str, grammar: str | None) -> Iterator[tuple[ScenarioFile, Reading]]:
        """All of them without an error, or ScenariosHaveErrors."""
        place = _place(path)
        rules = _grammar(place, grammar)
        readings = [(file, read_file(file, rules)) for file in _files(path)]
        errors: list[Finding] = []
        for _, reading in readings:
            errors += [reading] if isinstance(reading, Finding) else reading.errors
        if errors:
            raise _errors_of(path, errors)
        yield from ((file, reading) for file, reading in readings if not isinstance(reading, Finding))


def _variations(
    sound: list[tuple[ScenarioFile, Reading]], count: int, seed: int, on_progress: Callable[[Progress], None] | None
) -> Variations:
    readings = {file.name: reading for file, reading in sound}
    entries = [entry_of(reading, name, ()) for name, reading in readings.items()]
    wanted = list(balanced(entries, min(count, LARGEST_COUNT), seed))
    return Variations(readings, wanted, on_progress or _say_nothing)


def _say_nothing(progress: Progress) -> None: ...


def _place(path: str) -> Path:
    place = Path(path).expanduser()
    if not exists(place):
        raise ScenarioPathMissing(path=path)
    return place


def _grammar(place: Path, grammar: str | None) -> Grammar:
    return grammar_for(place) if grammar is None else read_grammar(Path(grammar).expanduser())


def _files(path: str) -> list[ScenarioFile]:
    files = find_scenarios(_place(path)).scenarios
    if not files:
        raise ScenariosNone(source=path)
    return list(files)


def _errors_of(path: str, errors: list[Finding]) -> ScenariosHaveErrors:
    count = f"{len(errors)} problems" if len(errors) > 1 else "1 problem"
    return ScenariosHaveErrors(source=path, errors=count, first=f"{errors[0].place}: {errors[0].sentence}")


def _examples(readings: Iterable[Reading], each: Each, as_tools: bool) -> Iterator[Example]:
    number = 0
    for reading in readings:
        assert reading.scenario is not None
        for example in examples_of(reading.scenario, reading.grammar, each=each, as_tools=as_tools):
            number += 1
            yield replace(example, row=number)
