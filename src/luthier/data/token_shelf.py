"""Examples that another run of a sweep has tokenised already, found by everything that decides their tokens.

They lie beside the data of the run that tokenised them, and go with it.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from luthier.data.encode import EncodedSet, Overlong
from luthier.data.render import Renderer, TrainOn
from luthier.kit.files import damage_of, sealed_folder, sha256_of
from luthier.kit.frozen import Frozen


class Deciding(Frozen):
    """Besides the base's own files: what tokens are a function of."""

    data_sha256: str
    part: str  # of the data: to train on, or held out
    method: str  # which examples it learns from
    max_length: int
    overlong: Overlong
    train_on: TrainOn


class TokenShelf:
    def __init__(self, own: Path, others: Sequence[Path]) -> None:
        """Run folders: what is found in none of the `others` is written to the `own`."""
        self._own = own
        self._others = tuple(others)

    def take(self, deciding: Deciding, renderer: Renderer, encode: Callable[[], EncodedSet]) -> EncodedSet:
        """Raises what `encode` does, which is asked where nothing whole is found."""
        name = _key(deciding, renderer)
        for run_folder in (self._own, *self._others):
            folder = _place(run_folder, name)
            if folder.is_dir() and damage_of(folder) is None:
                return EncodedSet.load(folder)
        encoded = encode()
        with sealed_folder(_place(self._own, name), deciding.model_dump(mode="json")) as staging:
            encoded.save(staging)
        return encoded


def _place(run_folder: Path, name: str) -> Path:
    return run_folder / "data" / "tokens" / name


def _key(deciding: Deciding, renderer: Renderer) -> str:
    files = renderer.files
    writes_the_date = "strftime_now" in (files.template or "")
    parts = (
        deciding.model_dump(mode="json"),
        sha256_of(files.folder / "tokenizer.json"),
        renderer.rendered_sha256,
        files.added_before,
        files.added_after,
        renderer.today.isoformat() if writes_the_date and renderer.today else None,
    )
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]
