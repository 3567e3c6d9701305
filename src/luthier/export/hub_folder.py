"""What stands beside weights in a folder that others load: configuration, tokenizer, chat template, where to stop."""

import shutil
from pathlib import Path

from luthier.data.render import Renderer
from luthier.domain.exports import ExportJob
from luthier.kit.files import read_json, write_json

_TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
)
_ADAPTER = ("adapter_model.safetensors",)


def write_beside(job: ExportJob, files: Path) -> None:
    """For a whole model."""
    base = Path(job.base_folder)
    for name in ("config.json", *_TOKENIZER):
        _copy(base / name, files)
    _write_stops(job, files)


def write_adapter_folder(job: ExportJob, adapter: Path, files: Path) -> None:
    """In PEFT's format, naming its base as others know it."""
    for name in _ADAPTER:
        _copy(adapter / name, files)
    for name in _TOKENIZER:
        _copy(Path(job.base_folder) / name, files)
    config = read_json(adapter / "adapter_config.json")
    write_json(files / "adapter_config.json", {**config, "base_model_name_or_path": job.base_name, "revision": None})
    _write_stops(job, files)


def _write_stops(job: ExportJob, files: Path) -> None:
    """All tokens that end an answer, the chat template's own among them: many bases name only one."""
    base = Path(job.base_folder)
    known = read_json(base / "generation_config.json") if (base / "generation_config.json").is_file() else {}
    stops = list(Renderer(base).stop_ids)
    write_json(files / "generation_config.json", {**known, "eos_token_id": stops[0] if len(stops) == 1 else stops})


def _copy(source: Path, files: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, files / source.name)
