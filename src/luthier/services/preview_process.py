"""The process that makes a preview: `python -m luthier.services.preview_process FOLDER`; it knows only its folder."""

import sys
from pathlib import Path

from luthier.data.canonical import read_examples
from luthier.data.encode import encode
from luthier.data.preflight import examine
from luthier.data.render import Renderer
from luthier.domain.datasets import DatasetEmpty
from luthier.domain.errors import LuthierError
from luthier.domain.preflight import PreflightReport
from luthier.domain.previews import PreviewJob
from luthier.export.telling import tell_failure, tell_progress
from luthier.kit.files import read_json, write_json


def main(folder: Path) -> int:
    try:
        report = _looked_at(folder)
    except LuthierError as error:
        tell_failure(error)
        return 1
    write_json(folder / "report.json", report.model_dump(mode="json"))
    return 0


def _looked_at(folder: Path) -> PreflightReport:
    job = PreviewJob.model_validate(read_json(folder / "job.json"))
    settings = job.settings
    examples = list(read_examples(folder / "examples.jsonl"))
    tell_progress("loading the tokenizer", 0, 0)
    renderer = Renderer(Path(job.base_folder))
    encoded = encode(
        examples,
        renderer,
        max_length=settings.max_length,
        overlong=settings.overlong,
        train_on=settings.train_on,
        on_progress=lambda done: tell_progress("writing the examples as tokens", done, len(examples)),
    )
    if len(encoded) == 0:
        raise DatasetEmpty(source=job.dataset)
    tell_progress("checking the rows", 0, 0)
    report = examine(
        examples,
        renderer,
        encoded,
        max_length=settings.max_length,
        train_on=settings.train_on,
        mapping=job.mapping,
    )
    return report.read_alone() if job.method == "grpo" else report


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
