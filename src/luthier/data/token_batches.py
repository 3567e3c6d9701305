"""Pieces of text as flat arrays of tokens: by the fast tokenizer where it is proven to agree, else by the usual one.

`tokenizers` decides what is right. `fastokens` gives the same ids several times faster, but not the places of the
tokens; it is trusted with a vocabulary only after it has agreed on probes and on a whole batch of the data itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from luthier.data.drafts import Piece
from luthier.data.facts import probe_texts
from luthier.data.spans import Span

_WORTH_PROVING = 10_000  # pieces; for fewer, building the fast tokenizer takes longer than it saves
_CACHE_BYTES = 1 << 24  # of texts between control tokens that come again, such as system messages
_MOST_PROBED_TOKENS = 64

_Ids = NDArray[np.uint32]
_Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Example i is `ids[bounds[i]:bounds[i + 1]]`."""

    ids: _Ids  # [tokens]
    supervised: NDArray[np.bool_]  # [tokens]; True where the token itself is to be predicted
    bounds: NDArray[np.int64]  # [examples + 1]

    def ids_of(self, index: int) -> _Ids:
        return self.ids[self.bounds[index] : self.bounds[index + 1]]

    def supervised_of(self, index: int) -> NDArray[np.bool_]:
        return self.supervised[self.bounds[index] : self.bounds[index + 1]]


def _fastokens(tokenizer_json: str) -> Any:
    """None where it is not installed."""
    if find_spec("fastokens") is None:
        return None
    fast = import_module("fastokens").Tokenizer.from_json_str(tokenizer_json)
    fast.enable_segment_cache(_CACHE_BYTES)
    return fast


class TokenBatches:
    """Of one tokenizer. What a batch becomes depends on its pieces alone."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        build_fast: Callable[[str], Any] = _fastokens,
        pieces_before_proof: int = _WORTH_PROVING,
    ) -> None:
        """`build_fast` makes the fast tokenizer of a tokenizer.json; it gives None or raises ValueError for others."""
        self._tokenizer = tokenizer
        self._build_fast = build_fast
        self._fast: Any = None
        self._pieces_to_proof = pieces_before_proof

    def of(self, examples: Sequence[Sequence[Piece]]) -> TokenBatch:
        pieces = list(chain.from_iterable(examples))
        ids, counts = self._with_given(pieces, *self._ids([piece.text for piece in pieces]))
        supervised = np.repeat(np.array([piece.is_learned for piece in pieces], dtype=np.bool_), counts)
        ends = np.cumsum(counts, dtype=np.int64)
        for at, piece in enumerate(pieces):
            if piece.spans:
                supervised[ends[at] - counts[at] : ends[at]] = self._within(piece.text, piece.spans)
        last = np.cumsum([len(each) for each in examples], dtype=np.int64)  # of each example, its last piece
        return TokenBatch(ids, supervised, np.concatenate([[0], np.concatenate([[0], ends])[last]]))

    def _with_given(self, pieces: Sequence[Piece], ids: _Ids, counts: _Counts) -> tuple[_Ids, _Counts]:
        """Puts in the ids of pieces that need no tokenizer."""
        places = [at for at, piece in enumerate(pieces) if piece.ids]
        if not places:
            return ids, counts
        starts = np.cumsum(counts) - counts
        given = [pieces[at].ids for at in places]
        ids = np.insert(ids, np.repeat(starts[places], [len(each) for each in given]), list(chain(*given)))
        counts[places] += [len(each) for each in given]
        return ids, counts

    def _within(self, text: str, spans: Sequence[Span]) -> NDArray[np.bool_]:
        """A token counts to a span when it ends inside it, so that one that reaches in from before is included."""
        offsets = np.array(self._tokenizer.encode(text, add_special_tokens=False).offsets, dtype=np.int64)
        starts, ends = offsets.reshape(-1, 2).T
        mask = np.zeros(len(starts), dtype=np.bool_)
        for span in spans:
            mask |= (ends > span.start) & (ends <= span.end) & (starts < span.end)
        return mask

    # ── the two tokenizers ───────────────────────────────────────────────────────────────────────────────────────

    def _ids(self, texts: Sequence[str]) -> tuple[_Ids, _Counts]:
        """All ids in one array, and how many each text has."""
        if self._fast is not None:
            return _fast_ids(self._fast, texts)
        ids, counts = self._usual_ids(texts)
        if self._pieces_to_proof > 0:
            self._pieces_to_proof -= len(texts)
            if self._pieces_to_proof <= 0:
                self._fast = self._proven(texts)
        return ids, counts

    def _usual_ids(self, texts: Sequence[str]) -> tuple[_Ids, _Counts]:
        encodings = [each.ids for each in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        counts = np.array([len(each) for each in encodings], dtype=np.int64)
        return np.fromiter(chain.from_iterable(encodings), dtype=np.uint32, count=int(counts.sum())), counts

    def _proven(self, texts: Sequence[str]) -> Any:
        """The fast tokenizer, or None when it is not here, does not know this kind, or disagrees."""
        try:
            fast = self._build_fast(self._tokenizer.to_str())
        except ValueError:
            return None
        if fast is None:
            return None
        control = [token.content for token in self._tokenizer.get_added_tokens_decoder().values()]
        between = [f"a {token}b\n{token} {token}" for token in control[:_MOST_PROBED_TOKENS]]
        judged = [*probe_texts(), *between, *texts]
        (ids, counts), (fast_ids, fast_counts) = self._usual_ids(judged), _fast_ids(fast, judged)
        return fast if np.array_equal(ids, fast_ids) and np.array_equal(counts, fast_counts) else None


def _fast_ids(fast: Any, texts: Sequence[str]) -> tuple[_Ids, _Counts]:
    ids, offsets = fast.encode_batch_flat(list(texts))
    bounds = np.frombuffer(offsets, dtype="<u8").astype(np.int64)
    return np.frombuffer(ids, dtype="<u4"), bounds[1:] - bounds[:-1]
