"""A batch of examples as tokens, with what rendering it showed: a function of the examples and the base alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import orjson
from numpy.typing import NDArray

from luthier.data.render import Renderer, TrainOn
from luthier.data.token_batches import TokenBatch
from luthier.domain.datasets import Example


@dataclass(frozen=True, slots=True)
class Tokenised(TokenBatch):
    rows: NDArray[np.int64]  # [examples]
    is_text: NDArray[np.bool_]  # [examples]; no conversation
    missed_turn_rows: list[int]
    other_prompt_rows: list[int]
    written_as_text: list[str]

    def to_bytes(self) -> bytes:
        frame = BytesIO()
        lists = {name: getattr(self, name) for name in _LISTS}
        frame.write(orjson.dumps(lists) + b"\n")
        for name in _ARRAYS:
            np.save(frame, getattr(self, name), allow_pickle=False)
        return frame.getvalue()

    @staticmethod
    def from_bytes(content: bytes) -> "Tokenised":
        frame = BytesIO(content)
        lists = orjson.loads(frame.readline())
        return Tokenised(**lists, **{name: np.load(frame, allow_pickle=False) for name in _ARRAYS})


_LISTS = ("missed_turn_rows", "other_prompt_rows", "written_as_text")
_ARRAYS = ("rows", "is_text", "ids", "supervised", "bounds")


def tokenised(examples: Sequence[Example], renderer: Renderer, train_on: TrainOn) -> Tokenised:
    """Raises TemplateRefused naming the row."""
    drafts = renderer.drafts(examples, train_on)
    batch = renderer.tokens_of(drafts)
    both = list(zip(examples, drafts, strict=True))
    return Tokenised(
        rows=np.array([example.row for example in examples], dtype=np.int64),
        is_text=np.array([bool(example.text) for example in examples], dtype=np.bool_),
        ids=batch.ids,
        supervised=batch.supervised,
        bounds=batch.bounds,
        missed_turn_rows=[example.row for example, draft in both if draft.missed],
        other_prompt_rows=[example.row for example, draft in both if draft.prompt_differs],
        written_as_text=sorted({part for draft in drafts for part in draft.written_as_text}),
    )
