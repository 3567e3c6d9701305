"""Scenarios: examples written as Markdown, with a party, turns, and tool calls whose answers are checked."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from luthier.domain.errors import Action, DataProblem, NotAllowedNow, NotFound, WorkFailed, WrongUsage
from luthier.domain.findings import Finding
from luthier.kit.frozen import Frozen

LARGEST_COUNT = 100_000  # variations at once
Value = int | str | tuple[int, ...] | tuple[str, ...]


class Speaker(StrEnum):
    USER = "User"
    DM = "DM"
    TOOLCALL = "TOOLCALL"


class Character(Frozen):
    name: str
    class_name: str
    level: int
    health: int
    health_max: int
    experience: int
    inventory: tuple[str, ...]
    description: str = ""
    others: dict[str, str] = {}  # further fields, as they are written


class Call(Frozen):
    """`[roll: stealth dc=15]`: what is asked of a tool, and where it stands."""

    tool: str
    arguments: dict[str, Value]  # those that are written; what is left out has the grammar's default
    line: int
    character: int


class Turn(Frozen):
    speaker: Speaker
    line: int  # of its heading
    text: str = ""  # as it is trained on: alternatives decided, calls as they are written
    spoken: str = ""  # the same without the calls
    calls: tuple[Call, ...] = ()
    answer: dict[str, Value] | None = None  # of a TOOLCALL: its fields


class Passage(Frozen):
    """A part of SYSTEM beyond those that every scenario has."""

    title: str
    text: str


class Scenario(Frozen):
    title: str
    category: str
    tags: tuple[str, ...]
    role: str
    world: str
    location: str
    party: tuple[Character, ...]
    passages: tuple[Passage, ...]
    turns: tuple[Turn, ...]
    extras: dict[str, Any] = {}  # what else the front matter says, as text, lists and mappings

    @property
    def calls(self) -> int:
        return sum(len(turn.calls) for turn in self.turns)


class ScenarioEntry(Frozen):
    """One line of an index. A file that cannot be read as a scenario has what could be found of it."""

    file: str
    title: str
    category: str
    tags: tuple[str, ...]
    characters: int
    turns: int
    calls: int
    errors: int
    warnings: int


class ScenariosReport(Frozen):
    """What a check of a file or a folder found."""

    source: str
    entries: tuple[ScenarioEntry, ...]
    passed_over: tuple[str, ...]  # Markdown files that are no scenarios
    findings: tuple[Finding, ...]
    findings_left_out: int = 0  # beyond the first thousand per code

    @property
    def errors(self) -> int:
        return sum(entry.errors for entry in self.entries)

    def only(
        self, *, category: str | None = None, tag: str | None = None, with_findings: bool = False
    ) -> list[ScenarioEntry]:
        """The entries that are like that."""
        return [
            entry
            for entry in self.entries
            if (category is None or entry.category == category)
            and (tag is None or tag in entry.tags)
            and (not with_findings or entry.errors or entry.warnings)
        ]

    @property
    def categories(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for entry in self.entries:
            counts[entry.category] = counts.get(entry.category, 0) + 1
        return dict(sorted(counts.items()))


class ScenarioOptions(Frozen):
    """How scenarios become examples."""

    each: Literal["turn", "scenario"] = "turn"
    as_tools: bool = True
    count: int = Field(0, ge=0, le=LARGEST_COUNT)  # of variations; 0: the scenarios as they are
    seed: int = Field(0, ge=0, le=2**31)


class FormattedFile(Frozen):
    file: str
    changed: bool


class VariedFile(Frozen):
    file: str
    category: str
    origin: str  # the file that was varied
    seed: int


class Variation(Frozen):
    folder: str
    files: tuple[VariedFile, ...]
    equal_left_out: int  # variations that came out like one before


class Conversion(Frozen):
    file: str
    scenarios: int
    examples: int
    as_tools: bool


class Pattern(Frozen):
    """A scenario that comes with Luthier: a template to fill, or a finished example to learn from."""

    name: str  # `combat`, or `combat/the-mill-at-low-water`
    category: str
    title: str
    is_template: bool
    turns: int
    calls: int


class ScenarioPathMissing(NotFound):
    code = "scenarios.path_missing"
    sentence = "There is no file or folder at {path}."
    actions = (
        Action(label="Check the spelling, or give the full path"),
        Action(label="Begin a scenario", command="luthier scenarios new combat FILE"),
    )


class ScenarioPatternUnknown(NotFound):
    code = "scenarios.template_unknown"
    sentence = "No template or example is called {name}."
    actions = (Action(label="See their names", command="luthier scenarios templates"),)


class ScenarioFileExists(NotAllowedNow):
    code = "scenarios.file_exists"
    sentence = "{path} is there already; it is left as it is."
    actions = (
        Action(label="Give another name", command="luthier scenarios new {template} FILE"),
        Action(label="Move the file away first"),
    )


class ScenarioNameTaken(NotAllowedNow):
    code = "scenarios.name_taken"
    sentence = "{name} is among the scenarios of this workspace already; it is left as it is."
    actions = (Action(label="Save under another name"), Action(label="Open the one that is there, and change it"))


class ScenarioNotRemoved(NotFound):
    code = "scenarios.not_removed"
    sentence = "No scenario called {name} was removed from this workspace."
    actions = (Action(label="See which were", command="luthier scenarios removed"),)


class ScenarioChangedMeanwhile(NotAllowedNow):
    code = "scenarios.changed_meanwhile"
    sentence = "{name} was changed since you opened it; neither text is lost."
    actions = (Action(label="Save yours under another name"), Action(label="Open the file again to see the other text"))


class ScenarioNotOwn(NotAllowedNow):
    code = "scenarios.not_own"
    sentence = "{path} does not lie in this workspace, so it is not written over the network."
    actions = (
        Action(label="Change it where it lies", command="luthier scenarios format {path}"),
        Action(label="Save a copy in the workspace"),
    )


class ScenariosTooMany(NotAllowedNow):
    code = "scenarios.too_many"
    sentence = (
        "{source} holds more than is looked at in one go, which is {most} Markdown files among not too many others."
    )
    actions = (
        Action(label="Open one of the folders in it"),
        Action(label="Look at all of them in a terminal", command="luthier scenarios check {source}"),
    )


class ScenarioUploadWrong(DataProblem):
    code = "scenarios.upload_wrong"
    sentence = "{name} cannot be taken in: {reason}."
    actions = (Action(label="Send a Markdown file, or a zip archive of scenarios"),)


class ScenarioTargetWrong(WrongUsage):
    code = "scenarios.target_wrong"
    sentence = "{target} lies inside of {source}; what is written there would be varied again the next time."
    actions = (
        Action(label="Write to a folder beside it", command="luthier scenarios vary {source} --out {source}-varied"),
    )


class ScenarioKeepWrong(WrongUsage):
    code = "scenarios.nowhere_to"
    sentence = "Nothing says where the examples are to go."
    actions = (
        Action(label="Write a file", command="luthier scenarios convert {source} --to examples.jsonl"),
        Action(label="Keep a dataset", command="luthier scenarios convert {source} --name NAME"),
    )


class ScenarioVaryWrong(WrongUsage):
    code = "scenarios.vary_into_file"
    sentence = "Variations are kept as a dataset or as scenarios, not as a file of examples."
    actions = (
        Action(label="Keep a dataset", command="luthier scenarios convert {source} --vary 60 --name NAME"),
        Action(label="Write scenarios first", command="luthier scenarios vary {source} --out {source}-varied"),
    )


class ScenariosNone(DataProblem):
    code = "scenarios.none"
    sentence = "{source} holds no scenario."
    actions = (
        Action(label="Begin one from a template", command="luthier scenarios new combat FILE"),
        Action(label="See how a scenario is written in docs/guide/scenarios.md"),
    )


class ScenariosHaveErrors(DataProblem):
    code = "scenarios.have_errors"
    sentence = "{source} has {errors} that must be mended first; the first one is: {first}"
    actions = (Action(label="See every problem with its place", command="luthier scenarios check {source}"),)


class ScenarioGrammarWrong(DataProblem):
    code = "scenarios.grammar_wrong"
    sentence = "The grammar {path} cannot be used: {reason}."
    actions = (Action(label="See how tools are described in docs/guide/scenario-grammar.md"),)


class ScenarioVariationWrong(WorkFailed):
    """A defect of Luthier: the rules of variation promise that this does not happen."""

    code = "scenarios.variation_wrong"
    sentence = "Varying {file} with the seed {seed} broke it: {first}"
    actions = (
        Action(label="Vary with another seed"),
        Action(label="Report it together with the file"),
    )
