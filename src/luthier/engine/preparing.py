"""Turns the job's files into tokens, and into the exact number of steps that a plan could only estimate."""

import math
from dataclasses import dataclass
from pathlib import Path

from luthier.data.canonical import read_examples
from luthier.data.encode import EncodedSet, encode
from luthier.data.order import steps_per_epoch
from luthier.data.pairs import PairSet, encode_pairs, refuse_without_pairs
from luthier.data.render import Renderer
from luthier.domain.datasets import DatasetEmpty, Example
from luthier.domain.jobs import Job, Prepared
from luthier.domain.recipes import PREFERENCE_METHODS, TrainingSettings
from luthier.engine.channel import Channel


@dataclass(frozen=True)
class PreparedData:
    examples: list[Example]
    train: EncodedSet
    held_out_examples: list[Example]
    held_out: EncodedSet | None  # None when nothing is held out
    total_steps: int
    pairs: PairSet | None = None  # of methods that learn from pairs; `train` is then their chosen side
    held_out_pairs: PairSet | None = None

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


def prepare(job: Job, renderer: Renderer, channel: Channel) -> PreparedData:
    """Raises DatasetEmpty when nothing is left to train on, Interrupted when somebody wishes so."""
    examples = list(read_examples(Path(job.train_file)))
    held_out_examples = list(read_examples(Path(job.held_out_file))) if job.held_out_file else []
    if job.method in PREFERENCE_METHODS:
        return _prepare_pairs(job, renderer, channel, examples, held_out_examples)
    total = len(examples) + len(held_out_examples)
    train = _tokens_of(examples, job.settings, renderer, channel, 0, total)
    if len(train) == 0:
        raise DatasetEmpty(source=job.train_file)
    held_out = _tokens_of(held_out_examples, job.settings, renderer, channel, len(examples), total)
    return PreparedData(
        examples=examples,
        train=train,
        held_out_examples=held_out_examples,
        held_out=held_out if len(held_out) else None,
        total_steps=total_steps(len(train), job.settings),
    )


def _prepare_pairs(
    job: Job, renderer: Renderer, channel: Channel, examples: list[Example], held_out_examples: list[Example]
) -> PreparedData:
    refuse_without_pairs(job.method, job.train_file, (*examples, *held_out_examples))
    total = 2 * (len(examples) + len(held_out_examples))

    def encoded(of: list[Example], before: int) -> PairSet:
        def on_progress(done: int) -> None:
            channel.obey()
            channel.progress("tokenising", before + done, total)

        settings = job.settings
        return encode_pairs(
            of, renderer, max_length=settings.max_length, overlong=settings.overlong, on_progress=on_progress
        )

    pairs = encoded(examples, 0)
    if len(pairs) == 0:
        raise DatasetEmpty(source=job.train_file)
    held_out = encoded(held_out_examples, 2 * len(examples))
    return PreparedData(
        examples=examples,
        train=pairs.chosen,
        held_out_examples=held_out_examples,
        held_out=held_out.chosen if len(held_out) else None,
        total_steps=total_steps(len(pairs), job.settings),
        pairs=pairs,
        held_out_pairs=held_out if len(held_out) else None,
    )


def total_steps(examples: int, settings: TrainingSettings) -> int:
    """A part of an epoch is rounded up to whole steps; `max_steps` ends earlier."""
    steps = math.ceil(settings.epochs * steps_per_epoch(examples, settings.batch_size))
    return min(steps, settings.max_steps or steps)


def _tokens_of(
    examples: list[Example], settings: TrainingSettings, renderer: Renderer, channel: Channel, before: int, total: int
) -> EncodedSet:
    def on_progress(done: int) -> None:
        channel.obey()
        channel.progress("tokenising", before + done, total)

    return encode(
        examples,
        renderer,
        max_length=settings.max_length,
        overlong=settings.overlong,
        train_on=settings.train_on,
        on_progress=on_progress,
    )
