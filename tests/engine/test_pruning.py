"""Layers that change least go first, and what is written computes as the model does without them."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from luthier.domain.exports import ExportJob, ExportRequest, ExportTooSmall, ExportUnsupported
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.loading import load_base
from luthier.engine.pruning import prune
from luthier.export.choosing import smallest_types
from luthier.export.forms import model_to_write
from tests.builders.exports import an_export_job
from tests.builders.models import a_model_folder
from tests.export.proving import silently

_IDLE = 2  # of four layers, the one that is made to change nothing


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> ExportJob:
    folder = tmp_path_factory.mktemp("tuned")
    base = a_model_folder(folder / "base", num_hidden_layers=4)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    idle = model.model.layers[_IDLE]
    for weight in (idle.self_attn.o_proj.weight, idle.mlp.down_proj.weight):
        torch.nn.init.zeros_(weight)
    model.save_pretrained(base)
    return an_export_job(folder, base_folder=str(base), adapter_folder=None)


def within(job: ExportJob, missing: int) -> ExportJob:
    """Asks for so many bytes less than the coarsest types need."""
    model = model_to_write(job, job.adapter_folder)
    limit = model.size(smallest_types(model)) - missing
    return job.model_copy(update={"request": ExportRequest(form="gguf", at_most_bytes=limit, allow_pruning=True)})


def said(model: PreTrainedModel) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[3, 14, 15, 92, 65]]), use_cache=False).logits


def test_the_layer_that_changes_nothing_is_the_one_that_goes(job: ExportJob, tmp_path: Path) -> None:
    found = prune(within(job, 1), tmp_path / "pruned", silently)
    assert found.layers == (_IDLE + 1,)
    assert found.of == 4
    assert found.perplexity == pytest.approx(found.tuned_perplexity, rel=1e-5)


def test_what_is_written_is_the_tuned_model_without_these_layers(tmp_path: Path) -> None:
    job = an_export_job(tmp_path, base_folder=str(a_model_folder(tmp_path / "base", num_hidden_layers=4)))
    found = prune(within(job, 1), tmp_path / "pruned", silently)
    smaller = AutoModelForCausalLM.from_pretrained(tmp_path / "pruned", dtype=torch.float32)
    assert smaller.config.num_hidden_layers == 3
    whole = AdaptedBase(load_base(Path(job.base_folder), "fp32"))
    whole.use(job.adapter_folder)
    model = whole.loaded.model
    staying = [each for at, each in enumerate(model.base_model.layers) if at + 1 not in found.layers]
    model.base_model.layers = torch.nn.ModuleList(staying)
    alike = torch.cosine_similarity(said(smaller), said(model), dim=-1)
    assert alike.min() > 0.9995  # its weights are rounded to 16 bits
    assert found.perplexity != found.tuned_perplexity


def test_more_than_half_of_the_layers_never_go(job: ExportJob, tmp_path: Path) -> None:
    with pytest.raises(ExportTooSmall) as refused:
        prune(within(job, 10**9), tmp_path / "pruned", silently)
    smallest = int(str(refused.value.problem.fields["smallest_argument"]).removesuffix("B"))
    request = ExportRequest(form="gguf", at_most_bytes=smallest, allow_pruning=True)
    assert len(prune(job.model_copy(update={"request": request}), tmp_path / "half", silently).layers) == 2


def test_layers_that_take_turns_at_seeing_are_refused(tmp_path: Path) -> None:
    base = a_model_folder(tmp_path / "base", family="gemma2", num_hidden_layers=4)
    job = an_export_job(tmp_path, base_folder=str(base), adapter_folder=None)
    with pytest.raises(ExportUnsupported, match="none can be left out"):
        prune(within(job, 1), tmp_path / "pruned", silently)
