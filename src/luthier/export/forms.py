"""The files of an export in the form that was asked for."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from luthier.data.render import Renderer
from luthier.domain.exports import ExportJob, Written
from luthier.export.choosing import types_within
from luthier.export.facts import tensor_types
from luthier.export.gguf_adapter import write_adapter
from luthier.export.gguf_model import About, GgufModel
from luthier.export.hub_folder import write_adapter_folder, write_beside
from luthier.export.merging import merged
from luthier.export.modelfile import modelfile, ollama_settings
from luthier.export.safetensors_file import write_model
from luthier.export.telling import Tell
from luthier.kit.files import write_json

_MIXED = 1  # a file type: "mostly float16", the nearest name for a file whose tensors differ
FILES = "files"  # the folder, inside that of the export, of what is handed over


def write_files(job: ExportJob, folder: Path, tell: Tell) -> Written:
    files = folder / FILES
    files.mkdir(parents=True, exist_ok=True)
    base, adapter = Path(job.base_folder), Path(job.adapter_folder) if job.adapter_folder else None
    match job.request.form:
        case "gguf" | "ollama" | "lmstudio":
            return _gguf(job, folder, tell)
        case "gguf-adapter" if adapter is not None:
            # The base beside it is for trying the adapter, and not handed over.
            _write_gguf(job, folder / "base.gguf", None, "F16", tell)
            name = f"{job.stem}-{job.request.quant}-lora.gguf"
            types = write_adapter(base, adapter, files / name, job.request.quant, job.name)
            return Written(main=name, types=dict(Counter(types.values())))
        case "hub" if adapter is not None:
            write_adapter_folder(job, adapter, files)
            return Written(main="adapter_model.safetensors", types={})
        case _:
            write_model(merged(base, adapter), files, lambda done, total: tell("writing the weights", done, total))
            write_beside(job, files)
            return Written(main="model.safetensors", types={})


def model_to_write(job: ExportJob, adapter: str | None) -> GgufModel:
    base = Path(job.base_folder)
    about = About(job.name, job.licence, job.base_name, Renderer(base).turn_end_id)
    return GgufModel(base, merged(base, Path(adapter) if adapter else None), about)


def _gguf(job: ExportJob, folder: Path, tell: Tell) -> Written:
    quant = "mixed" if job.request.at_most_bytes else job.request.quant
    file = f"{job.stem}-{quant}.gguf"
    if job.request.form == "lmstudio":
        file = f"luthier/{job.stem}/{file}"
    path = folder / FILES / file
    path.parent.mkdir(parents=True, exist_ok=True)
    types = _write_gguf(job, path, job.adapter_folder, job.request.quant, tell)
    if job.request.form == "ollama":
        settings = ollama_settings(job)
        (folder / FILES / "Modelfile").write_text(modelfile(job, file, settings), encoding="utf-8")
        write_json(folder / FILES / "ollama.json", settings)
    return Written(main=file, types=types)


def _write_gguf(job: ExportJob, path: Path, adapter: str | None, kind: str, tell: Tell) -> dict[str, int]:
    """Returns how many weights are kept in which type."""
    model = model_to_write(job, adapter)
    types: Mapping[str, str] = model.types(kind)
    file_type = tensor_types().kind(kind).file_type
    if job.request.at_most_bytes:
        types, file_type = types_within(model, job.request.at_most_bytes, tell), _MIXED
    model.write(path, types, file_type, job.threads, lambda done, total: tell("writing the file", done, total))
    counts: Counter[str] = Counter()
    for tensor in model.tensors:
        counts[types[tensor.name]] += tensor.elements
    return dict(counts)
