"""Turns the job's files into tokens, and into the exact number of steps that a plan could only estimate."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict, TypeVar

from luthier.data.canonical import read_examples
from luthier.data.encode import EncodedSet, Overlong, encode
from luthier.data.judged import JudgedSet, encode_judged
from luthier.data.method_needs import learnt_by
from luthier.data.order import indices_of_first_steps, steps_per_epoch
from luthier.data.pairs import PairSet, encode_pairs, only_rows
from luthier.data.render import Renderer, TrainOn
from luthier.data.token_shelf import Deciding, TokenShelf
from luthier.domain.datasets import DatasetEmpty, Example
from luthier.domain.jobs import Job, Prepared
from luthier.domain.recipes import PAIR_METHODS, TrainingSettings
from luthier.engine.channel import Channel
from luthier.engine.rewarding import Task, tasks_from

Encoded = TypeVar("Encoded", PairSet, JudgedSet)


@dataclass(frozen=True)
class PreparedData:
    examples: list[Example]
    train: EncodedSet
    held_out_examples: list[Example]
    held_out: EncodedSet | None  # None when nothing is held out
    total_steps: int
    pairs: PairSet | None = None  # of methods that learn from pairs; `train` is then their chosen side
    held_out_pairs: PairSet | None = None
    judged: JudgedSet | None = None  # of KTO; `train` is then its answers
    held_out_judged: JudgedSet | None = None
    tasks: dict[int, Task] = field(default_factory=dict)  # of GRPO, by row of `train`
    held_out_tasks: tuple[Task, ...] = ()

    @property
    def model_answers(self) -> list[Example]:
        """Held-out examples whose answers are what one hopes to read."""
        return [example for example in self.held_out_examples if example.desirable is not False]

    def as_fact(self, trainable_parameters: int) -> Prepared:
        return Prepared(
            examples=len(self.train),
            held_out=0 if self.held_out is None else len(self.held_out),
            dropped_overlong=sum(1 for each in self.train.left_out if each.why == "overlong"),
            tokens_per_epoch=self.train.tokens,
            supervised_tokens_per_epoch=self.train.supervised_tokens,
            total_steps=self.total_steps,
            trainable_parameters=trainable_parameters,
        )


def prepare(job: Job, renderer: Renderer, channel: Channel, shelf: TokenShelf | None = None) -> PreparedData:
    """`shelf` has what others of its sweep have tokenised.

    Raises DatasetEmpty when nothing is left to train on, Interrupted when somebody wishes so."""
    examples = learnt_by(job.method, job.train_file, list(read_examples(Path(job.train_file))))
    held_out_examples = list(read_examples(Path(job.held_out_file))) if job.held_out_file else []
    if job.held_out_file:
        held_out_examples = learnt_by(job.method, job.held_out_file, held_out_examples)
    if job.method in PAIR_METHODS:
        return _prepare_pairs(job, renderer, channel, examples, held_out_examples)
    if job.method == "kto":
        return _prepare_judged(job, renderer, channel, examples, held_out_examples)
    total = len(examples) + len(held_out_examples)
    tokens_of = _Tokens(job, renderer, shelf)
    train = tokens_of.part("train", examples, _telling(channel, 0, total))
    if len(train) == 0:
        raise DatasetEmpty(source=job.train_file)
    held_out = tokens_of.part("held out", held_out_examples, _telling(channel, len(examples), total))
    prepared = PreparedData(
        examples=examples,
        train=train,
        held_out_examples=held_out_examples,
        held_out=held_out if len(held_out) else None,
        total_steps=total_steps(len(train), job.settings),
    )
    return _with_tasks(prepared, job, renderer) if job.method == "grpo" else prepared


def _with_tasks(prepared: PreparedData, job: Job, renderer: Renderer) -> PreparedData:
    """Without the examples whose questions leave no room for an answer. Raises DatasetEmpty."""
    room = job.settings.max_length
    tasks = {task.question.row: task for task in tasks_from(prepared.examples, renderer, room)}
    train = only_rows(prepared.train, set(tasks))
    if len(train) == 0:
        raise DatasetEmpty(source=job.train_file)
    return replace(
        prepared,
        train=train,
        total_steps=total_steps(len(train), job.settings),
        tasks=tasks,
        held_out_tasks=tuple(tasks_from(prepared.held_out_examples, renderer, room)),
    )


def _prepare_pairs(
    job: Job, renderer: Renderer, channel: Channel, examples: list[Example], held_out_examples: list[Example]
) -> PreparedData:
    pairs, held_out = _both_sides(encode_pairs, job, renderer, channel, examples, held_out_examples)
    return PreparedData(
        examples=examples,
        train=pairs.chosen,
        held_out_examples=held_out_examples,
        held_out=held_out.chosen if len(held_out) else None,
        total_steps=total_steps(len(pairs), job.settings),
        pairs=pairs,
        held_out_pairs=held_out if len(held_out) else None,
    )


def _prepare_judged(
    job: Job, renderer: Renderer, channel: Channel, examples: list[Example], held_out_examples: list[Example]
) -> PreparedData:
    judged, held_out = _both_sides(encode_judged, job, renderer, channel, examples, held_out_examples)
    return PreparedData(
        examples=examples,
        train=judged.answers,
        held_out_examples=held_out_examples,
        held_out=held_out.answers if len(held_out) else None,
        total_steps=total_steps(len(judged), job.settings),
        judged=judged,
        held_out_judged=held_out if len(held_out) else None,
    )


def _both_sides(
    encode: Callable[..., Encoded],
    job: Job,
    renderer: Renderer,
    channel: Channel,
    examples: list[Example],
    held_out_examples: list[Example],
) -> tuple[Encoded, Encoded]:
    """To train on, and to measure with. Raises DatasetEmpty when nothing is left to train on."""

    def encoded(of: list[Example], before: int) -> Encoded:
        total, settings = 2 * (len(examples) + len(held_out_examples)), job.settings
        telling = _telling(channel, before, total)
        return encode(of, renderer, max_length=settings.max_length, overlong=settings.overlong, on_progress=telling)

    trained = encoded(examples, 0)
    if len(trained) == 0:
        raise DatasetEmpty(source=job.train_file)
    return trained, encoded(held_out_examples, 2 * len(examples))


def total_steps(examples: int, settings: TrainingSettings) -> int:
    """A part of an epoch is rounded up to whole steps; `max_steps` ends earlier."""
    steps = math.ceil(settings.epochs * steps_per_epoch(examples, settings.batch_size))
    return min(steps, settings.max_steps or steps)


def learned_indices(examples: int, settings: TrainingSettings) -> list[int]:
    """Of the examples that any step of the run learns from: fewer than all where it ends within its first epoch."""
    return indices_of_first_steps(total_steps(examples, settings), settings.batch_size, examples, settings.seed)


class _Tokens:
    def __init__(self, job: Job, renderer: Renderer, shelf: TokenShelf | None) -> None:
        self._job = job
        self._renderer = renderer
        self._shelf = shelf

    def part(self, name: str, examples: list[Example], telling: Callable[[int], None]) -> EncodedSet:
        job, settings = self._job, self._job.settings
        limits: _Limits = {
            "max_length": settings.max_length,
            "overlong": settings.overlong,
            "train_on": settings.train_on,
        }

        def encoded() -> EncodedSet:
            return encode(examples, self._renderer, **limits, on_progress=telling)

        if self._shelf is None or not examples:
            return encoded()
        deciding = Deciding(data_sha256=job.data_sha256, part=name, method=job.method, **limits)
        return self._shelf.take(deciding, self._renderer, encoded)


class _Limits(TypedDict):
    max_length: int
    overlong: Overlong
    train_on: TrainOn


def _telling(channel: Channel, before: int, total: int) -> Callable[[int], None]:
    def on_progress(done: int) -> None:
        channel.obey()
        channel.progress("tokenising", before + done, total)

    return on_progress
