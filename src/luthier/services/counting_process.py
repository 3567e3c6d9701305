"""The process that measures examples for a plan: `python -m luthier.services.counting_process FOLDER`."""

import sys
from pathlib import Path

from luthier.data.canonical import read_examples
from luthier.domain.counting import Counted, CountingJob
from luthier.domain.errors import LuthierError
from luthier.export.telling import tell_failure, tell_progress
from luthier.kit.files import read_json, write_json
from luthier.services.counts import counted, sides_of


def main(folder: Path) -> int:
    try:
        found = _counted(CountingJob.model_validate(read_json(folder / "job.json")))
    except LuthierError as error:
        tell_failure(error)
        return 1
    write_json(folder / "counted.json", found.model_dump(mode="json"))
    return 0


def _counted(job: CountingJob) -> Counted:
    tell_progress("reading the examples", 0, 0)
    examples = list(read_examples(Path(job.examples)))
    held_out = list(read_examples(Path(job.held_out))) if job.held_out else None
    tell_progress("dividing them into what is trained on and what is held out", 0, 0)
    sides = sides_of(job.recipe, examples, held_out)
    tell_progress("cutting some of them into tokens", 0, 0)
    return counted(job.recipe, Path(job.base_folder), sides)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
