"""Only where torch finds an NVIDIA GPU: that it trains as the processor does, goes on exactly, and runs out well."""

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from luthier.domain.jobs import Finished, Step
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.generate import answer_ids
from luthier.engine.kv_cache import growing_cache
from luthier.engine.loading import load_base
from luthier.engine.loop import Bench, train
from luthier.engine.memory_use import limit_bytes, peak_bytes, used_bytes
from luthier.engine.packed_attention import attend
from luthier.engine.solo_decoder import SoloDecoder
from luthier.engine.varlen_attention import can_attend
from luthier.engine.worker import is_short_of_memory
from tests.builders.jobs import a_run_folder
from tests.engine.kinds import ADAPTERS, FULL
from tests.engine.workers import Workers, facts_of, loss_bits

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA here")]

BenchFor = Callable[..., Bench]
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as a plan for a GPU sets it, before the first product
GPU = {"device": "cuda", "kernels": "reference"}
KINDS = {**ADAPTERS, "full": FULL}


@pytest.fixture(autouse=True)
def reproducible() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def losses_of(bench: Bench) -> list[float]:
    bench.objective.begin(bench.job.settings.micro_batch_tokens, bench.channel)
    train(bench, TrainingState())
    return [fact.loss for fact in facts_of(bench.run_folder) if isinstance(fact, Step)]


@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "reward"])
def test_twenty_steps_in_fp32_are_those_of_the_processor(method: str, bench_for: BenchFor) -> None:
    same = {"method": method, "adapter": ADAPTERS["lora"], "precision": "fp32", "kernels": "reference", "max_steps": 20}
    here = losses_of(bench_for("here", **same))
    there = losses_of(bench_for("there", device="cuda", **same))
    assert len(here) == 20
    assert there == pytest.approx(here, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dora"])  # whose dropout is drawn by each device
def test_bf16_follows_the_processor_s_fp32(kind: str, bench_for: BenchFor) -> None:
    same = {"adapter": KINDS[kind], "kernels": "reference", "max_steps": 20}
    exact = losses_of(bench_for("exact", precision="fp32", **same))
    narrow = losses_of(bench_for("narrow", precision="bf16", device="cuda", **same))
    assert narrow == pytest.approx(exact, abs=2e-2 * exact[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["bf16", "nf4"])
def test_a_resumed_run_repeats_every_bit(kind: str, precision: str, bench_for: BenchFor) -> None:
    if precision == "nf4" and kind != "lora":
        pytest.skip("four bits are tried with one adapter")
    values = {"max_steps": 4, "checkpoint_every": 2, "keep_checkpoints": 5, "learning_rate": 1e-2, "held_out": 0}
    job = {**values, **GPU, "adapter": KINDS[kind], "precision": precision}
    whole = bench_for("whole", **job)
    train(whole, TrainingState())
    resumed = bench_for("resumed", **job)
    folder = whole.run_folder / "checkpoints" / "step-000002"
    train(resumed, restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail))
    bits = loss_bits(whole.run_folder)
    assert loss_bits(resumed.run_folder) == {step: bits[step] for step in (3, 4)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)


def test_a_run_of_the_processor_goes_on_on_a_gpu_and_says_so(bench_for: BenchFor) -> None:
    job = {"max_steps": 4, "checkpoint_every": 2, "kernels": "reference", "precision": "fp32", "held_out": 0}
    here = bench_for("here", adapter=ADAPTERS["lora"], **job)
    train(here, TrainingState())
    there = bench_for("there", adapter=ADAPTERS["lora"], device="cuda", **job)
    said: list[str] = []
    folder = here.run_folder / "checkpoints" / "step-000002"
    train(there, restore(folder, there.job, there.trained, there.optimiser, said.append))
    assert "device" in said[0]
    steps = {fact.step: fact.loss for fact in facts_of(there.run_folder) if isinstance(fact, Step)}
    expected = {fact.step: fact.loss for fact in facts_of(here.run_folder) if isinstance(fact, Step)}
    assert steps == pytest.approx({step: expected[step] for step in (3, 4)}, rel=1e-3)


BOUNDARIES = (0, 5, 6, 40, 640)


def grouped_rows(dtype: torch.dtype) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    rows = (torch.randn(1, heads, BOUNDARIES[-1], 64, generator=generator) for heads in (4, 2, 2))
    return [row.to("cuda", dtype).requires_grad_() for row in rows]


@pytest.mark.parametrize("window", [None, 7])
def test_the_flash_kernel_computes_what_plain_products_compute(window: int | None) -> None:
    narrow, exact = grouped_rows(torch.bfloat16), grouped_rows(torch.float32)
    if not can_attend(narrow[0][0], None):
        pytest.skip("this GPU or this build of torch has no flash kernel")
    assert not can_attend(exact[0][0], None)
    outs = []
    for rows in (narrow, exact):
        out, _ = attend(torch.nn.Module(), *rows, None, scaling=0.1, boundaries=BOUNDARIES, sliding_window=window)
        (out.float() * torch.linspace(-1, 1, out.shape[-1], device="cuda")).sum().backward()
        outs.append(out.float())
    torch.testing.assert_close(outs[0], outs[1], atol=2e-2, rtol=2e-2)
    for mine, theirs in zip(narrow, exact, strict=True):
        scale = float(theirs.grad.abs().max())
        torch.testing.assert_close(mine.grad.float(), theirs.grad, atol=3e-2 * scale, rtol=3e-2)


def test_the_flash_kernel_shows_no_example_its_neighbours() -> None:
    rows = grouped_rows(torch.bfloat16)
    if not can_attend(rows[0][0], None):
        pytest.skip("this GPU or this build of torch has no flash kernel")
    for start, end in pairwise(BOUNDARIES):
        changed = [row.detach().clone() for row in rows]
        for row in changed:
            row[:, :, start:end] = 1.0
        before, after = (
            attend(torch.nn.Module(), *each, None, scaling=0.1, boundaries=BOUNDARIES)[0] for each in (rows, changed)
        )
        assert torch.equal(before[:, :start], after[:, :start])
        assert torch.equal(before[:, end:], after[:, end:])


def test_answers_are_those_of_the_processor(bench_for: BenchFor) -> None:
    prompts, stops = [[1, 2, 3], [4], [5, 6, 7, 8, 9]], frozenset({0})
    models = [
        bench_for(name, precision="fp32", device=name, kernels="reference").base.model for name in ("cpu", "cuda")
    ]
    here, there = (answer_ids(model, prompts, stops, 12, lambda done, total: None) for model in models)
    assert there == here


def test_a_conversation_is_answered_as_on_the_processor(tiny_base: Path) -> None:
    chosen = []
    for device in ("cpu", "cuda"):
        base = load_base(tiny_base, "fp32", device=torch.device(device))
        decoder = SoloDecoder(base.model, [1, 2, 3], growing_cache(base.model), held=0)
        decoder.read_block()
        decoder.step(5)
        assert decoder.logits.device.type == "cpu"
        chosen.append(decoder.logits)
    torch.testing.assert_close(chosen[1], chosen[0], atol=1e-3, rtol=1e-3)


def test_memory_is_that_of_the_gpu_and_running_out_of_it_is_known_for_what_it_is(bench_for: BenchFor) -> None:
    losses_of(bench_for("run", adapter=ADAPTERS["lora"], max_steps=2, **GPU))
    assert 0 < used_bytes() <= peak_bytes() <= limit_bytes(0)
    with pytest.raises(torch.OutOfMemoryError) as caught:
        torch.empty(1 << 46, dtype=torch.uint8, device="cuda")
    assert is_short_of_memory(caught.value)


def test_a_worker_does_a_whole_run(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, max_steps=4, **GPU)
    assert workers.run(folder) == 0
    last = facts_of(folder)[-1]
    assert isinstance(last, Finished)
    assert last.peak_rss_bytes > 0
    assert (folder / last.adapter_folder / "adapter_model.safetensors").is_file()
