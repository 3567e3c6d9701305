"""A folder for a hub, as a stranger opens it: a fresh process with plain transformers and PEFT, and nothing of ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import PeftModel

from luthier.domain.exports import Form
from luthier.engine.loading import load_base
from tests.builders.exports import an_export_job
from tests.export.proving import written

STRANGER = """
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
form, folder, base = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(base if form == "hub" else folder, dtype=torch.float32)
if form == "hub":
    model = PeftModel.from_pretrained(model, folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
asked = [{"role": "user", "content": "Two pegs."}]
text = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
with torch.no_grad():
    logits = model(input_ids=ids).logits[0, -1]
print(json.dumps({"ids": ids[0].tolist(), "logits": logits.tolist()}))
"""


@pytest.mark.parametrize(("form", "tolerance"), [("hub", 1e-5), ("merged", 0.2)])
def test_a_stranger_gets_the_same_logits(tmp_path: Path, form: Form, tolerance: float) -> None:
    """Merged weights are rounded to the base's 16 bits; an adapter beside them is not."""
    job = an_export_job(tmp_path, form)
    written(job, tmp_path / "export")
    stranger = subprocess.run(
        [sys.executable, "-c", STRANGER, form, str(tmp_path / "export" / "files"), job.base_folder],
        capture_output=True,
        check=True,
        text=True,
    )
    told = json.loads(stranger.stdout.splitlines()[-1])
    tuned = PeftModel.from_pretrained(load_base(Path(job.base_folder), "fp32").model, job.adapter_folder)
    with torch.no_grad():
        expected = tuned(input_ids=torch.tensor([told["ids"]])).logits[0, -1]
    assert torch.allclose(torch.tensor(told["logits"]), expected, atol=tolerance * float(expected.std()))
