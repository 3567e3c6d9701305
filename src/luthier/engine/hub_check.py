"""Measures an exported folder as a stranger would use it: plain transformers, plain PEFT, nothing of ours."""

import time
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel

from luthier.domain.exports import ExportJob
from luthier.domain.parity import Elsewhere, Reference
from luthier.engine.memory_use import peak_bytes
from luthier.engine.parity import Tell, measure, precision_for


def measure_folder(job: ExportJob, folder: Path, reference: Reference, tell: Tell) -> Elsewhere:
    tell("loading the export with transformers", 0, 0)
    begun = time.monotonic()
    model, tokenizer = _loaded(job, folder), AutoTokenizer.from_pretrained(folder, local_files_only=True)
    loaded = time.monotonic()
    tell("measuring the export", 0, len(reference.questions))
    found = measure(model, reference.questions, reference.answers, frozenset(reference.stop_ids))
    measured = []
    for question, each in zip(reference.questions, found, strict=True):
        if question.messages:
            text = tokenizer.apply_chat_template(
                list(question.messages), tools=list(question.tools) or None, add_generation_prompt=True, tokenize=False
            )
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        else:
            text, ids = question.text, tokenizer(question.text)["input_ids"]
        measured.append(each.model_copy(update={"text": text, "ids": tuple(ids)}))
    read, spoken = _speeds(model, reference)
    return Elsewhere(
        measured=tuple(measured),
        ending_ids=_ending_ids(folder),
        load_seconds=loaded - begun,
        prompt_tokens_per_second=read,
        tokens_per_second=spoken,
        memory_bytes=peak_bytes(),
        runner=f"transformers {transformers.__version__}",
    )


def _loaded(job: ExportJob, folder: Path) -> PreTrainedModel:
    dtype = torch.float32 if precision_for(job) == "fp32" else torch.bfloat16
    if (folder / "adapter_config.json").is_file():
        base = AutoModelForCausalLM.from_pretrained(job.base_folder, dtype=dtype, local_files_only=True)
        return PeftModel.from_pretrained(base, folder, local_files_only=True).eval()
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True).eval()


def _ending_ids(folder: Path) -> tuple[int, ...]:
    ending = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
    return tuple(ending) if isinstance(ending, list) else () if ending is None else (ending,)


@torch.no_grad()
def _speeds(model: PreTrainedModel, reference: Reference) -> tuple[float, float]:
    """Tokens a second while reading the longest question, and while answering it one by one."""
    longest = max(reference.questions, key=lambda question: len(question.ids))
    ids = torch.tensor([list(longest.ids)])
    begun = time.monotonic()
    output = model(input_ids=ids, use_cache=True)
    read = time.monotonic()
    steps = 16
    for _ in range(steps):
        token = output.logits[:, -1].argmax(-1, keepdim=True)
        output = model(input_ids=token, past_key_values=output.past_key_values, use_cache=True)
    return len(longest.ids) / (read - begun), steps / (time.monotonic() - read)
