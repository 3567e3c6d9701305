"""All examples as flat arrays of tokens: what the training loop reads, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luthier.data.drafts import Draft
from luthier.data.packing import PackedRow, pack
from luthier.data.render import Renderer, TrainOn
from luthier.domain.datasets import Example, ExampleTooLong

Overlong = Literal["drop", "truncate", "refuse"]
_BATCH = 256  # examples per call into the tokenizer, which spreads them over the cores


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
        """The arrays only, as .npy; what was left out is told once, by `encode`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @staticmethod
    def load(folder: Path) -> "EncodedSet":
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
        return EncodedSet(**arrays)


_ARRAYS = ("ids", "supervised", "offsets", "rows")


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
    for batch in _batches(examples):
        gathered.take(batch, renderer.drafts(batch, train_on), renderer)
        done += len(batch)
        if on_progress is not None:
            on_progress(done)
    return gathered.as_set()


@dataclass
class _Gathered:
    max_length: int
    overlong: Overlong
    ids: list[NDArray[np.uint32]] = field(default_factory=list)
    supervised: list[NDArray[np.bool_]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    truncated_rows: list[int] = field(default_factory=list)
    longest: int = 0
    missed_turn_rows: list[int] = field(default_factory=list)
    other_prompt_rows: list[int] = field(default_factory=list)
    written_as_text: set[str] = field(default_factory=set)

    def take(self, examples: Sequence[Example], drafts: Sequence[Draft], renderer: Renderer) -> None:
        batch = renderer.tokens_of(drafts)
        for at, (example, draft) in enumerate(zip(examples, drafts, strict=True)):
            self._remark(example.row, draft)
            self._take_one(example, batch.ids_of(at), batch.supervised_of(at))

    def _take_one(self, example: Example, ids: NDArray[np.uint32], supervised: NDArray[np.bool_]) -> None:
        self.longest = max(self.longest, 0 if example.text else len(ids))
        if len(ids) <= self.max_length:
            self._add(example.row, ids, supervised, len(ids))
        elif example.text:
            for start in range(0, len(ids), self.max_length):
                end = start + self.max_length
                self._add(example.row, ids[start:end], supervised[start:end], len(ids))
        elif self.overlong == "refuse":
            raise ExampleTooLong(row=example.row, tokens=len(ids), max_length=self.max_length)
        elif self.overlong == "drop":
            self.left_out.append(LeftOut(example.row, len(ids), "overlong"))
        else:
            self._add(example.row, ids[: self.max_length], supervised[: self.max_length], len(ids), cut=True)

    def _remark(self, row: int, draft: Draft) -> None:
        if draft.missed:
            self.missed_turn_rows.append(row)
        if draft.prompt_differs:
            self.other_prompt_rows.append(row)
        self.written_as_text |= draft.written_as_text

    def _add(
        self, row: int, ids: NDArray[np.uint32], supervised: NDArray[np.bool_], tokens: int, *, cut: bool = False
    ) -> None:
        # The first token of a sequence is never predicted: it has no token before it.
        if not supervised[1:].any():
            self.left_out.append(LeftOut(row, tokens, "no answer"))
            return
        self.ids.append(ids)
        self.supervised.append(supervised)
        self.rows.append(row)
        if cut:
            self.truncated_rows.append(row)

    def as_set(self) -> EncodedSet:
        offsets = np.zeros(len(self.ids) + 1, dtype=np.int64)
        np.cumsum([len(ids) for ids in self.ids], out=offsets[1:])
        return EncodedSet(
            ids=np.concatenate(self.ids) if self.ids else np.zeros(0, dtype=np.uint32),
            supervised=np.concatenate(self.supervised) if self.supervised else np.zeros(0, dtype=np.bool_),
            offsets=offsets,
            rows=np.array(self.rows, dtype=np.int64),
            left_out=tuple(self.left_out),
            truncated_rows=tuple(self.truncated_rows),
            longest=self.longest,
            missed_turn_rows=tuple(self.missed_turn_rows),
            other_prompt_rows=tuple(self.other_prompt_rows),
            written_as_text=frozenset(self.written_as_text),
        )


def _batches(examples: Iterable[Example]) -> Iterator[list[Example]]:
    iterator = iter(examples)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
