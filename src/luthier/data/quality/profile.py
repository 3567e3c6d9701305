"""The examples under a base model's tokenizer: how long they are, and how much of them is learned."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality.columns import batches
from luthier.data.quality.pictures import length_histogram
from luthier.data.render import Renderer
from luthier.domain.datasets import Example
from luthier.domain.quality import TokenProfile


@dataclass(frozen=True)
class TokenCounts:
    lengths: NDArray[np.uint32]  # [examples]
    supervised: NDArray[np.uint32]  # [examples]


def count_tokens(
    examples: Iterable[Example], renderer: Renderer, on_progress: Callable[[int], None] | None = None
) -> TokenCounts:
    lengths, supervised = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint32)]
    done = 0
    for batch in batches(examples):
        rendered = renderer.render_many(batch)
        lengths.append(np.array([len(each.ids) for each in rendered], dtype=np.uint32))
        supervised.append(np.array([sum(each.supervised) for each in rendered], dtype=np.uint32))
        done += len(batch)
        if on_progress is not None:
            on_progress(done)
    return TokenCounts(np.concatenate(lengths), np.concatenate(supervised))


def token_profile(counts: TokenCounts, base: str, tokenizer_sha256: str, max_length: int) -> TokenProfile:
    total = int(counts.lengths.sum())
    p50, p95 = (int(value) for value in np.percentile(counts.lengths, [50, 95]))
    return TokenProfile(
        base=base,
        tokenizer_sha256=tokenizer_sha256,
        lengths=length_histogram(counts.lengths),
        tokens=total,
        tokens_p50=p50,
        tokens_p95=p95,
        tokens_max=int(counts.lengths.max()),
        supervised_share=int(counts.supervised.sum()) / total if total else 0.0,
        max_length=max_length,
        longer=int(np.count_nonzero(counts.lengths > max_length)),
    )
