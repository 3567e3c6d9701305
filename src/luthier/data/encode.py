"""All examples as flat arrays of tokens: what the training loop reads, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luthier.data.packing import PackedRow, pack
from luthier.data.render import Renderer, TrainOn
from luthier.data.tokenised import Tokenised, tokenised
from luthier.data.tokenising import tokenised_beside
from luthier.domain.datasets import Example, ExampleTooLong
from luthier.kit.files import read_json, write_json
from luthier.kit.frozen import Frozen

Overlong = Literal["drop", "truncate", "refuse"]
_BATCH = 256  # examples per call into the tokenizer
_BATCH_OF_OTHERS = 1024  # examples that another process is given at once
_WORTH_PROCESSES = 20_000  # examples; fewer are done before another process is ready


@dataclass(frozen=True, slots=True)
class LeftOut:
    row: int
    tokens: int
    why: Literal["overlong", "no answer"]  # "no answer": nothing of it would carry loss


@dataclass(frozen=True)
class EncodedSet:
    """Example i is `ids[offsets[i]:offsets[i + 1]]`. Arrays may be memory-mapped; they are read only."""

    ids: NDArray[np.uint32]  # [tokens]
    supervised: NDArray[np.bool_]  # [tokens]; True where the token itself is to be predicted
    offsets: NDArray[np.int64]  # [examples + 1]
    rows: NDArray[np.int64]  # [examples]; row in the source file
    left_out: tuple[LeftOut, ...] = ()
    truncated_rows: tuple[int, ...] = ()
    longest: int = 0  # tokens of the longest conversation before anything was cut or left out
    missed_turn_rows: tuple[int, ...] = ()  # the text does not hold a turn that should be trained as it is
    other_prompt_rows: tuple[int, ...] = ()  # generation opens a turn otherwise than training does
    written_as_text: frozenset[str] = frozenset()  # parts of examples that the chat template has no words for

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)

    @property
    def tokens(self) -> int:
        return int(self.offsets[-1])

    @property
    def supervised_tokens(self) -> int:
        return int(np.count_nonzero(self.supervised))

    def ids_of(self, index: int) -> NDArray[np.uint32]:
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    def supervised_of(self, index: int) -> NDArray[np.bool_]:
        return self.supervised[self.offsets[index] : self.offsets[index + 1]]

    def packed(self, indices: Sequence[int]) -> PackedRow:
        return pack([self.ids_of(index) for index in indices], [self.supervised_of(index) for index in indices])

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        findings = _Findings(
            left_out=self.left_out,
            truncated_rows=self.truncated_rows,
            longest=self.longest,
            missed_turn_rows=self.missed_turn_rows,
            other_prompt_rows=self.other_prompt_rows,
            written_as_text=self.written_as_text,
        )
        write_json(folder / _FINDINGS, findings.model_dump(mode="json"))

    @staticmethod
    def load(folder: Path) -> "EncodedSet":
        """With arrays that are mapped: whoever else has loaded them shares their memory."""
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
        return EncodedSet(**arrays, **dict(_Findings.model_validate(read_json(folder / _FINDINGS))))


class _Findings(Frozen):
    left_out: tuple[LeftOut, ...]
    truncated_rows: tuple[int, ...]
    longest: int
    missed_turn_rows: tuple[int, ...]
    other_prompt_rows: tuple[int, ...]
    written_as_text: frozenset[str]


_ARRAYS = ("ids", "supervised", "offsets", "rows")
_FINDINGS = "findings.json"


def encode(
    examples: Iterable[Example],
    renderer: Renderer,
    *,
    max_length: int,
    overlong: Overlong = "drop",
    train_on: TrainOn = "assistant",
    on_progress: Callable[[int], None] | None = None,
) -> EncodedSet:
    """Renders and tokenises every example; `on_progress` gets the number done, and may raise to stop.

    A conversation longer than `max_length` is dropped, cut at the end, or refused (ExampleTooLong), as `overlong`
    says; plain text is split into parts instead. Nothing goes without a trace: see `left_out` and `truncated_rows`.
    """
    gathered = _Gathered(max_length, overlong)
    done = 0
    for batch in _all_tokenised(iter(examples), renderer, train_on):
        gathered.take(batch)
        done += len(batch.rows)
        if on_progress is not None:
            on_progress(done)
    return gathered.as_set()


def _all_tokenised(examples: Iterator[Example], renderer: Renderer, train_on: TrainOn) -> Iterator[Tokenised]:
    """In their order; the same whoever does it."""
    first = list(islice(examples, _WORTH_PROCESSES))
    if len(first) == _WORTH_PROCESSES:
        yield from tokenised_beside(_batches(chain(first, examples), _BATCH_OF_OTHERS), renderer, train_on)
        return
    for batch in _batches(iter(first), _BATCH):
        yield tokenised(batch, renderer, train_on)


@dataclass
class _Gathered:
    max_length: int
    overlong: Overlong
    ids: list[NDArray[np.uint32]] = field(default_factory=list)
    supervised: list[NDArray[np.bool_]] = field(default_factory=list)
    lengths: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    truncated_rows: list[int] = field(default_factory=list)
    longest: int = 0
    missed_turn_rows: list[int] = field(default_factory=list)
    other_prompt_rows: list[int] = field(default_factory=list)
    written_as_text: set[str] = field(default_factory=set)

    def take(self, batch: Tokenised) -> None:
        """All at once, since a step in Python per example would take longer than its tokens."""
        self.missed_turn_rows += batch.missed_turn_rows
        self.other_prompt_rows += batch.other_prompt_rows
        self.written_as_text.update(batch.written_as_text)
        rows, is_text = batch.rows, batch.is_text
        tokens = np.diff(batch.bounds)
        too_long = (tokens > self.max_length) & ~is_text
        self.longest = max(self.longest, int(tokens[~is_text].max(initial=0)))
        if self.overlong == "refuse" and too_long.any():
            first = int(too_long.argmax())
            raise ExampleTooLong(row=int(rows[first]), tokens=int(tokens[first]), max_length=self.max_length)
        of, starts, ends = self._parts(batch.bounds, is_text)
        dropped = too_long[of] & (self.overlong == "drop")
        kept = ~dropped & _has_learned(batch.supervised, starts, ends)
        self.left_out += [
            LeftOut(int(rows[of[at]]), int(tokens[of[at]]), "overlong" if dropped[at] else "no answer")
            for at in np.flatnonzero(~kept)
        ]
        self.truncated_rows += rows[of][kept & too_long[of]].tolist()
        self.rows.append(rows[of][kept])
        self.lengths.append((ends - starts)[kept])
        is_whole = kept.all() and not too_long.any()
        slices = [slice(None)] if is_whole else list(map(slice, starts[kept].tolist(), ends[kept].tolist()))
        self.ids += [batch.ids[each] for each in slices]
        self.supervised += [batch.supervised[each] for each in slices]

    def _parts(
        self, bounds: NDArray[np.int64], is_text: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of each part, the example it is of, its first token and its end; only text has several."""
        tokens = np.diff(bounds)
        counts = np.where(is_text, np.maximum(1, -(-tokens // self.max_length)), 1)
        of = np.repeat(np.arange(len(tokens)), counts)
        place = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = bounds[:-1][of] + place * self.max_length
        return of, starts, np.minimum(bounds[1:][of], starts + self.max_length)

    def as_set(self) -> EncodedSet:
        lengths = np.concatenate([np.zeros(1, dtype=np.int64), *self.lengths])
        return EncodedSet(
            ids=np.concatenate(self.ids) if self.ids else np.zeros(0, dtype=np.uint32),
            supervised=np.concatenate(self.supervised) if self.supervised else np.zeros(0, dtype=np.bool_),
            offsets=np.cumsum(lengths),
            rows=np.concatenate([np.zeros(0, dtype=np.int64), *self.rows]),
            left_out=tuple(self.left_out),
            truncated_rows=tuple(self.truncated_rows),
            longest=self.longest,
            missed_turn_rows=tuple(self.missed_turn_rows),
            other_prompt_rows=tuple(self.other_prompt_rows),
            written_as_text=frozenset(self.written_as_text),
        )


def _has_learned(
    supervised: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The first token of a sequence is never predicted: it has no token before it."""
    learned = np.concatenate([[0], np.cumsum(supervised)])
    return np.asarray(learned[ends] > learned[np.minimum(starts + 1, ends)])


def _batches(examples: Iterator[Example], size: int) -> Iterator[list[Example]]:
    while batch := list(islice(examples, size)):
        yield batch
