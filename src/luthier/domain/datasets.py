"""Examples and datasets: what one trains on, in one canonical form whatever file it came from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from luthier.domain.derivations import Derivation
from luthier.domain.errors import Action, DataProblem, NotFound, WorkFailed, WrongUsage
from luthier.domain.findings import Finding
from luthier.kit.frozen import Frozen


class Shape(StrEnum):
    ALPACA = "alpaca"
    SHAREGPT = "sharegpt"
    MESSAGES = "messages"
    PROMPT_COMPLETION = "prompt-completion"
    TEXT = "text"
    PREFERENCE = "preference"
    LABELLED = "labelled"  # messages with a good/bad label, or with a reward (KTO)
    PROMPT = "prompt"  # questions alone, whose answers a program rewards (GRPO)


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    name: str | None = None
    train: bool = True  # OpenAI's `weight: 0` on an assistant message makes this False


@dataclass(frozen=True, slots=True)
class Origin:
    """The imported row that an example comes from, however many datasets lie between."""

    dataset_id: str
    row: int
    changes: tuple[str, ...] = ()  # what was done to its content, in order; empty when it is as it was imported


@dataclass(frozen=True, slots=True)
class Example:
    """One training item. Exactly one of `messages` and `text` is filled."""

    row: int  # 1-based, in the source file; in a derived dataset its place
    messages: tuple[Message, ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    text: str = ""
    origin: Origin | None = None  # None in a dataset that was imported
    rejected: tuple[Message, ...] = ()  # in a pair: what was said worse, instead of the last trained messages
    desirable: bool | None = None  # whether somebody judged the answer good; None when nobody did
    category: str = ""  # what its source files it under; nothing of it is learned


class Mapping(Frozen):
    """How the source's columns became the shape's parts."""

    shape: Shape
    columns: dict[str, str]  # part of the shape -> column of the source
    confidence: float  # 0..1; below CONFIRM_BELOW a person must confirm
    reason: str
    good_from: float = 0.0  # an answer with this reward or a higher one counts as good


CONFIRM_BELOW = 0.7


class DatasetReport(Frozen):
    """What the checks found in one source, with the numbers a person wants first."""

    source: str
    source_bytes: int
    encoding: str
    mapping: Mapping
    rows: int
    examples: int
    turns_mean: float
    characters_p50: int
    characters_max: int
    findings: tuple[Finding, ...]
    findings_left_out: int = 0  # beyond the first thousand per code
    columns: tuple[str, ...] = ()  # of the first rows, whether they are used or not
    previews: tuple[dict[str, Any], ...] = ()  # five mapped rows, canonical form

    @property
    def errors(self) -> int:
        return sum(1 for finding in self.findings if finding.level == "error")

    @property
    def unused_columns(self) -> tuple[str, ...]:
        used = set(self.mapping.columns.values())
        return tuple(column for column in self.columns if column not in used)


class Dataset(Frozen):
    """An immutable set of checked examples; its id follows from its content."""

    dataset_id: str
    name: str
    version: int = 1  # counts the datasets of that name; the newest is what the name alone means
    sha256: str  # of the canonical examples file
    shape: Shape
    examples: int
    source: str
    created_at: datetime
    report: DatasetReport
    made_by: Derivation | None = None  # None for what was imported before this was kept

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


class FoundRows(Frozen):
    """One page of a search; `next` is where to go on, None at the end of the dataset."""

    rows: tuple[dict[str, Any], ...]  # canonical form
    positions: tuple[int, ...]  # of the rows, counted from 0, as the preview does
    next: int | None
    scanned: int


class Sample(Frozen):
    """A dataset that comes with the package, to learn from."""

    name: str
    file: str  # within the folder of the samples
    shape: Shape
    examples: int
    about: str


class DatasetFileMissing(NotFound):
    code = "datasets.file_missing"
    sentence = "There is no file or folder at {path}."
    actions = (
        Action(label="Check the spelling, or give the full path"),
        Action(label="See the datasets that are already imported", command="luthier datasets list"),
    )


class DatasetNotFound(NotFound):
    code = "datasets.not_found"
    sentence = "No dataset is called {name}, and there is no file of that name."
    actions = (Action(label="See the datasets", command="luthier datasets list"),)


class DatasetFilesLost(NotFound):
    code = "datasets.files_lost"
    sentence = "The examples of {dataset} are no longer in the workspace."
    actions = (Action(label="Import or make it again; it came from {source}"),)


class DatasetNameWrong(WrongUsage):
    code = "datasets.name_wrong"
    sentence = "A dataset cannot be called {name}: {reason}."
    actions = (Action(label="Give it another name", command="luthier datasets import FILE --name NAME"),)


class SampleNotFound(NotFound):
    code = "datasets.sample_not_found"
    sentence = "No sample is called {name}; there are {known}."
    actions = (Action(label="See the samples", command="luthier datasets samples"),)


class DatasetNameAmbiguous(NotFound):
    code = "datasets.name_ambiguous"
    sentence = "{name} could be any of {candidates}."
    actions = (Action(label="Give more of the id", command="luthier datasets list"),)


class DatasetHasErrors(DataProblem):
    code = "datasets.has_errors"
    sentence = "{source} has {errors} that must be mended first; the first one is: {first}"
    actions = (
        Action(label="See every problem with its place", command="luthier datasets check {source}"),
        Action(label="Keep the rows that have no errors", command="luthier datasets import {source} --skip-bad-rows"),
        Action(
            label="Train without the rows that have errors", command="luthier train --data {source} --skip-bad-rows"
        ),
    )


class DatasetEmpty(DataProblem):
    code = "datasets.empty"
    sentence = "{source} holds no examples."
    actions = (Action(label="Put at least one example into it; see docs/guide/datasets.md for the shapes"),)


class DatasetShapeUnknown(DataProblem):
    code = "datasets.shape_unknown"
    sentence = "{source} has the columns {columns}, which fit none of the shapes that Luthier knows."
    actions = (
        Action(
            label="Say which column is which",
            command="luthier datasets check {source} --map prompt=COLUMN --map completion=COLUMN",
        ),
        Action(label="See the shapes in docs/guide/datasets.md"),
    )


class DatasetUnreadable(DataProblem):
    code = "datasets.unreadable"
    sentence = "{source} cannot be read as {kind}: {reason}."
    actions = (Action(label="Fetch or save it again, best as UTF-8 JSONL or CSV"),)


class DatasetMappingUnsure(DataProblem):
    code = "datasets.mapping_unsure"
    sentence = "Luthier is not sure how to read the columns of {source}: {reason}"
    actions = (
        Action(label="Look at the mapped rows", command="luthier datasets check {source}"),
        Action(label="Confirm the shape", command="luthier train --data {source} --shape {shape}"),
    )


class DatasetColumnMissing(DataProblem):
    code = "datasets.column_missing"
    sentence = "{source} has no column named {column}; it has {columns}."
    actions = (Action(label="Map a column that exists", command="luthier datasets check {source} --map {part}=COLUMN"),)


class DatasetHasNoPairs(DataProblem):
    code = "datasets.has_no_pairs"
    sentence = "{method} learns from pairs of answers, and row {row} of {source} has no rejected one."
    actions = (
        Action(label="Give every row a chosen and a rejected answer; see docs/guide/datasets.md for the shape"),
        Action(label="Import it again if that was before rejected answers were kept"),
        Action(label="Or learn from the chosen answers alone", command="luthier train --data FILE --method sft"),
    )


class DatasetHasNoLabels(DataProblem):
    code = "datasets.has_no_labels"
    sentence = "{method} learns from answers that were judged good or bad, and row {row} of {source} has no label."
    actions = (
        Action(label="Give every row a label of true or false; see docs/guide/datasets.md for the shape"),
        Action(label="Import it again if that was before labels were kept"),
        Action(label="Or learn every answer as a good one", command="luthier train --data FILE --method sft"),
    )


class DatasetHasNoAnswers(DataProblem):
    code = "datasets.has_no_answers"
    sentence = "{source} holds questions alone, and {method} learns from answers."
    actions = (
        Action(label="Give every row an answer; see docs/guide/datasets.md"),
        Action(
            label="Or let a program of yours reward what the model answers",
            command="luthier train --data {source} --method grpo --reward FILE.py:NAME",
        ),
    )


class DatasetHasNoQuestions(DataProblem):
    code = "datasets.has_no_questions"
    sentence = "{method} lets the model answer questions, and row {row} of {source} asks nothing."
    actions = (
        Action(label="Give every row a prompt; see docs/guide/datasets.md"),
        Action(label="Or learn plain text", command="luthier train --data FILE --method cpt"),
    )


class DatasetAllUndesirable(DataProblem):
    code = "datasets.all_undesirable"
    sentence = "Every answer of {source} is labelled bad, and {method} learns good answers only."
    actions = (
        Action(label="Learn what to avoid as well", command="luthier train --data FILE --method kto"),
        Action(label="Add answers with the label true"),
    )


class TokenisingBroke(WorkFailed):
    code = "datasets.tokenising_broke"
    sentence = "A process that turns examples into tokens ended by itself; the system may have been short of memory."
    actions = (Action(label="See what the machine has left, then try once more", command="luthier doctor"),)


class ExampleTooLong(DataProblem):
    code = "datasets.example_too_long"
    sentence = "Row {row} has {tokens} tokens, more than the {max_length} that are allowed."
    actions = (
        Action(label="Leave such examples out", command="luthier train --data FILE --set overlong=drop"),
        Action(label="Allow longer examples", command="luthier train --data FILE --set max_length={tokens}"),
    )


class DatasetShapeWrong(WrongUsage):
    code = "datasets.shape_wrong"
    sentence = "There is no shape called {shape}; the shapes are {shapes}."
    actions = (Action(label="Let Luthier find the shape", command="luthier datasets check {source}"),)


class DatasetPartUnknown(WrongUsage):
    code = "datasets.part_unknown"
    sentence = "{part} is no part of {shape}; its parts are {parts}."
    actions = (Action(label="Map a part to a column", command="luthier datasets check {source} --map {first}=COLUMN"),)


class DatasetPartMissing(DataProblem):
    code = "datasets.part_missing"
    sentence = "The shape {shape} needs a column for {part}; {source} has the columns {columns}."
    actions = (Action(label="Say which column it is", command="luthier datasets check {source} --map {part}=COLUMN"),)
