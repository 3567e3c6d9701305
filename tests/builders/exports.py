"""Tuned models in miniature, and the jobs that export them."""

from pathlib import Path
from typing import Any

from luthier.data.canonical import write_examples
from luthier.domain.adapters import AdapterSettings, LoraSettings
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.exports import ExportJob, ExportRequest, Form
from tests.builders.models import a_model_folder


def some_examples(folder: Path, count: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    examples = [
        Example(
            row=row, messages=(Message(Role.USER, f"Order  {row}: two oak planks?"), Message(Role.ASSISTANT, "Yes."))
        )
        for row in range(1, count + 1)
    ]
    write_examples(folder / "questions.jsonl", examples)
    return folder / "questions.jsonl"


def an_adapter_folder(base: Path, folder: Path, settings: AdapterSettings | None = None, strength: float = 0.2) -> Path:
    """Trained by nobody: its values are drawn, strong enough to change what the base says."""
    import torch

    from luthier.engine.adapters import attach
    from luthier.engine.loading import load_base

    loaded = load_base(base, "fp32")
    adapter = attach(loaded.model, settings or LoraSettings(rank=4, alpha=8), fused=False)
    torch.manual_seed(7)
    adapter.parameters.values += strength * torch.randn_like(adapter.parameters.values)
    adapter.refresh()
    folder.mkdir(parents=True)
    adapter.write(folder, "tiny", "0f" * 20)
    return folder


def an_export_job(folder: Path, form: Form = "gguf", quant: str = "F32", **changes: Any) -> ExportJob:
    """Of a tiny Llama with a LoRA adapter, unless changed."""
    base = changes.pop("base_folder", None) or str(a_model_folder(folder / "base"))
    request = ExportRequest(form=form, quant=quant, at_most_bytes=changes.pop("at_most_bytes", None))
    values: dict[str, Any] = {
        "request": request,
        "name": "orders@0.1.0",
        "licence": "Apache-2.0",
        "base_name": "makers/tiny",
        "base_folder": base,
        "adapter_folder": None,
        "system_prompt": None,
        "examples_file": str(some_examples(folder / "data")),
        "questions": 2,
        "answer_tokens": 4,
        "context": 512,
        "threads": 1,
    }
    if "adapter_folder" not in changes:
        values["adapter_folder"] = str(an_adapter_folder(Path(base), folder / "adapter"))
    return ExportJob(**(values | changes))
