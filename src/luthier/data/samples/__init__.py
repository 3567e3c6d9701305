"""The sample datasets that come with the package: one per shape, small enough to be read in a minute."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from luthier.domain.datasets import Sample, SampleNotFound

SCHEME = "sample:"  # `sample:NAME` stands where a path may stand
_FOLDER = Path(str(files(__package__)))


@cache
def samples() -> tuple[Sample, ...]:
    document = tomllib.loads(_FOLDER.joinpath("samples.toml").read_text(encoding="utf-8"))
    return tuple(Sample.model_validate(entry) for entry in document["samples"])


def sample_path(name: str) -> Path:
    """Raises SampleNotFound."""
    found = next((sample for sample in samples() if sample.name == name), None)
    if found is None:
        raise SampleNotFound(name=name, known=", ".join(sample.name for sample in samples()))
    return _FOLDER / found.file
