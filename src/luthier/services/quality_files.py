"""Where scores and token counts of a dataset are kept: made once for each content, version and tokenizer."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luthier.data.quality import Scored
from luthier.data.quality.profile import TokenCounts
from luthier.domain.quality import QualityReport
from luthier.kit.files import read_json, write_json, writing_atomically

_KEY_DIGITS = 16


class QualityFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def report(self, key: str) -> QualityReport | None:
        """None when it or its scores were not made, were damaged, or were made by a version that wrote other fields."""
        if self.scored(key) is None:
            return None
        try:
            return QualityReport.model_validate(read_json(self._folder / f"{key}.json"))
        except (OSError, ValueError):
            return None

    def scored(self, key: str) -> Scored | None:
        """None as with reports."""
        scores, flags = self._load(f"{key}.scores.npy"), self._load(f"{key}.flags.npy")
        return Scored(scores, flags) if scores is not None and flags is not None else None

    def keep(self, key: str, report: QualityReport, scored: Scored) -> None:
        """The report last: where it is, the arrays are."""
        self._save(f"{key}.scores.npy", scored.scores)
        self._save(f"{key}.flags.npy", scored.flags)
        write_json(self._folder / f"{key}.json", report.model_dump(mode="json"))

    def token_counts(self, tokenizer_sha256: str) -> TokenCounts | None:
        """None as with reports."""
        both = self._load(_tokens_name(tokenizer_sha256))
        return None if both is None else TokenCounts(both[0], both[1])

    def keep_token_counts(self, tokenizer_sha256: str, counts: TokenCounts) -> None:
        self._save(_tokens_name(tokenizer_sha256), np.stack([counts.lengths, counts.supervised]))

    def _load(self, name: str) -> NDArray[Any] | None:
        try:
            loaded: NDArray[Any] = np.load(self._folder / name, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return loaded

    def _save(self, name: str, array: NDArray[Any]) -> None:
        with writing_atomically(self._folder / name) as file:
            np.save(file, array, allow_pickle=False)


def score_key(version: int, against_sha256: str | None) -> str:
    """Of the folder of one dataset, whose content never changes."""
    return f"scores-v{version}" if against_sha256 is None else f"scores-v{version}-{against_sha256[:_KEY_DIGITS]}"


def _tokens_name(tokenizer_sha256: str) -> str:
    return f"tokens-{tokenizer_sha256[:_KEY_DIGITS]}.npy"
