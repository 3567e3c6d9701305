"""Processes that export: `write FOLDER` makes files, `llama FOLDER FILE [ADAPTER]` tries them, `join FOLDER` merges."""

import sys
from collections.abc import Sequence
from pathlib import Path

from luthier.domain.errors import LuthierError
from luthier.domain.exports import ExportJob
from luthier.domain.merges import MergeJob
from luthier.domain.parity import Reference
from luthier.export.telling import tell_failure, tell_progress
from luthier.health.disk import disk_full
from luthier.kit.files import read_json, write_json


def main(arguments: Sequence[str]) -> int:
    try:
        match arguments:
            case ["write", folder]:
                _write(Path(folder))
            case ["llama", folder, file, *adapter]:
                _try_in_llama(Path(folder), Path(file), Path(adapter[0]) if adapter else None)
            case ["join", folder]:
                _join(Path(folder))
            case _:
                sys.stderr.write(f"{__doc__}\n")
                return 2
    except LuthierError as error:
        tell_failure(error)
        return 1
    except OSError as error:
        if full := disk_full(error):
            tell_failure(full)
            return 1
        raise
    return 0


def _write(folder: Path) -> None:
    from luthier.export.forms import write_files

    job = ExportJob.model_validate(read_json(folder / "job.json"))
    write_json(folder / "written.json", write_files(job, folder, tell_progress).model_dump(mode="json"))


def _try_in_llama(folder: Path, file: Path, adapter: Path | None) -> None:
    from luthier.export.llama import Llama, measure_file

    job = ExportJob.model_validate(read_json(folder / "job.json"))
    reference = Reference.model_validate(read_json(folder / "reference.json"))
    tell_progress("loading the file in llama.cpp", 0, 0)
    llama = Llama(file, adapter=adapter, context=job.context, threads=job.threads)
    found = measure_file(llama, reference, tell_progress)
    write_json(folder / "elsewhere.json", found.model_dump(mode="json"))


def _join(folder: Path) -> None:
    from luthier.export.joining import join

    job = MergeJob.model_validate(read_json(folder / "job.json"))
    (folder / "files").mkdir(exist_ok=True)
    joined = join(job, folder / "files", lambda done, total: tell_progress("merging layers", done, total))
    write_json(folder / "joined.json", joined.model_dump(mode="json"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
