from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification

from luthier.domain.evaluations import AnswerSheet
from luthier.domain.jobs import Finished, HeldOutLoss
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from luthier.engine.packed_attention import packed_attention
from luthier.engine.proof import judged_pairs
from luthier.engine.reward import Rewards
from tests.builders.jobs import a_run_folder
from tests.builders.models import FAMILIES, a_model_folder
from tests.engine.kinds import job_for
from tests.engine.workers import Workers, facts_of, loss_bits

BenchFor = Callable[..., Bench]


def trained_bench(bench_for: BenchFor, kind: str = "lora", **changes: object) -> Bench:
    bench = bench_for(method="reward", **job_for(kind, **{"max_steps": 12, "learning_rate": 1e-2, **changes}))
    train(bench, TrainingState())
    return bench


def our_rewards(bench: Bench) -> torch.Tensor:
    """Of both sides of the first three pairs."""
    assert bench.data.pairs is not None and bench.trained.head is not None
    with packed_attention(bench.base.model), torch.no_grad():
        return bench.trained.head.rewards(bench.base.model, bench.data.pairs.packed([0, 1, 2]))


def rewards_by(model: torch.nn.Module, bench: Bench) -> torch.Tensor:
    pairs = bench.data.pairs
    assert pairs is not None
    sides = [side.ids_of(index) for index in range(3) for side in (pairs.chosen, pairs.rejected)]
    with torch.no_grad():
        return torch.cat([model(torch.from_numpy(ids.astype("int64"))[None]).logits[0] for ids in sides])


def test_the_chosen_answers_of_held_out_pairs_get_the_higher_reward(bench_for: BenchFor) -> None:
    bench = trained_bench(bench_for)
    first, *_, last = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert last.loss < first.loss
    assert last.figures["reward_accuracy"] == 1.0
    assert isinstance(bench.objective, Rewards)
    judged = judged_pairs(bench.objective, bench.trained, bench.channel)
    assert [pair.row for pair in judged] == [101, 102, 103, 104]
    assert all(pair.tuned > 0 for pair in judged)


def test_the_base_is_judged_with_the_head_as_it_began(bench_for: BenchFor) -> None:
    bench = bench_for(method="reward", **job_for("lora", max_steps=3, learning_rate=1e-1, precision="fp32"))
    before = our_rewards(bench)
    train(bench, TrainingState())
    with bench.trained.disabled():
        torch.testing.assert_close(our_rewards(bench), before)
    assert (our_rewards(bench) - before).abs().max() > 0.1


@pytest.mark.parametrize("kind", ["lora", "dora", "ia3"])
def test_plain_peft_puts_the_adapter_and_its_head_on_the_untouched_base(
    kind: str, bench_for: BenchFor, tiny_base: Path, tmp_path: Path
) -> None:
    bench = trained_bench(bench_for, kind, max_steps=3, precision="fp32", held_out=0)
    bench.trained.write(tmp_path, "tiny", "revision-1")
    plain = AutoModelForSequenceClassification.from_pretrained(tiny_base, num_labels=1, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, tmp_path).eval()
    torch.testing.assert_close(rewards_by(model, bench), our_rewards(bench), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_reward_model_of_every_family_is_a_folder_that_transformers_loads(
    family: str, bench_for: BenchFor, tmp_path: Path
) -> None:
    base = a_model_folder(tmp_path / "base", family=family)
    job = job_for("full", max_steps=1, precision="fp32", held_out=0, kernels="reference", base_folder=base)
    bench = bench_for(method="reward", **job)
    train(bench, TrainingState())
    (tmp_path / "whole").mkdir()
    bench.trained.write(tmp_path / "whole", "tiny", "revision-1")
    model, loading = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "whole", dtype=torch.float32, output_loading_info=True
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    torch.testing.assert_close(rewards_by(model.eval(), bench), our_rewards(bench), atol=1e-4, rtol=1e-4)


def test_how_a_batch_is_cut_changes_neither_loss_nor_gradient(bench_for: BenchFor) -> None:
    curves = []
    for tokens in (64, 4096):
        job = job_for("rslora", micro_batch_tokens=tokens, precision="fp32", max_steps=3, held_out=0)
        bench = bench_for(f"cut-{tokens}", method="reward", **job)
        train(bench, TrainingState())
        steps = [fact for fact in facts_of(bench.run_folder) if fact.kind == "step"]
        curves.append([number for step in steps for number in (step.loss, step.gradient_norm)])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_a_resumed_reward_model_repeats_its_bits_and_its_beginning(kind: str, bench_for: BenchFor) -> None:
    job = job_for(kind, max_steps=4, checkpoint_every=2, keep_checkpoints=5, learning_rate=1e-3, held_out=0)
    whole = bench_for("whole", method="reward", **job)
    train(whole, TrainingState())
    resumed = bench_for("resumed", method="reward", **job)
    folder = whole.run_folder / "checkpoints" / "step-000002"
    state = restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail)
    train(resumed, state)
    bits, again = loss_bits(whole.run_folder), loss_bits(resumed.run_folder)
    assert again == {step: bits[step] for step in (3, 4)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)
    with whole.trained.disabled(), resumed.trained.disabled():
        assert torch.equal(our_rewards(whole), our_rewards(resumed))


def test_a_whole_attempt_leaves_judged_pairs_and_asks_for_no_answer(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, method="reward", max_steps=2)
    assert workers.run(folder) == 0
    finished = facts_of(folder)[-1]
    assert isinstance(finished, Finished)
    sheet = AnswerSheet.model_validate_json((folder / finished.answers_file).read_bytes())
    assert len(sheet.pairs) == 4 and sheet.answers == ()
