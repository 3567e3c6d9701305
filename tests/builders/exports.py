"""Tuned models in miniature, and the jobs that export them."""

from pathlib import Path
from typing import Any

from luthier.data.canonical import write_examples
from luthier.domain.adapters import AdapterSettings, LoraSettings
from luthier.domain.background import WorkState
from luthier.domain.datasets import Example, Message, Role
from luthier.domain.exports import Export, ExportFile, ExportJob, ExportRequest, Form, Performance
from luthier.domain.parity import Check, ParityReport
from luthier.kit.ids import new_id
from tests.builders.models import a_model_folder
from tests.builders.moments import a_moment


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


def an_export(**changes: Any) -> Export:
    """Done, and proven the same."""
    check = Check(what="template", passed=True, found="8 questions are written byte for byte alike")
    report = ParityReport(
        compared="the export in llama.cpp with the tuned model",
        questions=8,
        tuned_perplexity=1.003,
        perplexity=1.004,
        checks=(check, check.model_copy(update={"what": "perplexity", "found": "1.004 after 1.003"})),
    )
    values: dict[str, Any] = {
        "export_id": new_id("exp"),
        "version": "orders@0.1.0",
        "version_id": "ver_00",
        "request": ExportRequest(form="gguf", quant="Q8_0"),
        "state": WorkState.DONE,
        "begun_at": a_moment(),
        "folder": "/exports/one/files",
        "files": (ExportFile(name="orders-0.1.0-Q8_0.gguf", bytes=144_000_000, sha256="cd" * 32),),
        "types": {"Q8_0": 134_000_000, "F32": 35_000},
        "parity": (report,),
        "performance": Performance(
            runner="llama.cpp (xllamacpp 2026.10)",
            load_seconds=0.8,
            prompt_tokens_per_second=456.0,
            tokens_per_second=111.0,
            memory_bytes=247_000_000,
        ),
        "commands": ("llama-server --jinja -m /exports/one/files/orders-0.1.0-Q8_0.gguf",),
        "seconds": 42.0,
    }
    return Export(**(values | changes))


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
