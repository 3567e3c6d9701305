from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from luthier.data.order import indices_of_step
from luthier.data.pairs import PairSet
from luthier.domain.datasets import DatasetHasNoPairs
from luthier.domain.evaluations import AnswerSheet
from luthier.domain.jobs import Finished, HeldOutLoss, Step
from luthier.domain.recipes import PREFERENCE_METHODS
from luthier.engine.answer_log_probs import sides_of
from luthier.engine.checkpoints import TrainingState, restore
from luthier.engine.loop import Bench, train
from luthier.engine.packed_attention import packed_attention
from luthier.engine.preference import Preference
from luthier.engine.proof import judged_pairs
from tests.builders.jobs import a_run_folder, an_example
from tests.engine.kinds import job_for
from tests.engine.workers import Workers, facts_of, loss_bits

BenchFor = Callable[..., Bench]


def begun(bench: Bench) -> Bench:
    bench.objective.begin(128, bench.channel)
    return bench


def pairs_of(bench: Bench) -> PairSet:
    assert bench.data.pairs is not None
    return bench.data.pairs


def steps_of(bench: Bench) -> list[Step]:
    return [fact for fact in facts_of(bench.run_folder) if fact.kind == "step"]


def test_log_probabilities_of_packed_answers_are_those_of_each_alone_by_transformers(bench_for: BenchFor) -> None:
    bench = bench_for(method="dpo", **job_for("lora", precision="fp32"))
    pairs = pairs_of(bench)
    with packed_attention(bench.base.model), torch.no_grad():
        sides = sides_of(bench.base.model, pairs.packed([0, 3]))
    plain = AutoModelForCausalLM.from_pretrained(bench.job.base_folder, dtype=torch.float32)
    for place, index in enumerate((0, 3)):
        for side, ours, tokens in (
            (pairs.chosen, sides.chosen, sides.chosen_tokens),
            (pairs.rejected, sides.rejected, sides.rejected_tokens),
        ):
            ids = torch.from_numpy(side.ids_of(index).astype("int64"))
            wanted = torch.from_numpy(side.supervised_of(index).copy())[1:]
            with torch.no_grad():
                log_probs = plain(ids.unsqueeze(0)).logits[0, :-1].log_softmax(-1).gather(1, ids[1:, None])[:, 0]
            assert float(ours[place]) == pytest.approx(float(log_probs[wanted].sum()), rel=1e-5)
            assert int(tokens[place]) == int(wanted.sum())


@pytest.mark.parametrize("method", sorted(PREFERENCE_METHODS))
def test_training_on_pairs_makes_the_chosen_answers_likelier_than_the_rejected_ones(
    method: str, bench_for: BenchFor
) -> None:
    bench = begun(bench_for(method=method, **job_for("lora", max_steps=15, learning_rate=1e-2)))
    state = train(bench, TrainingState())
    steps = steps_of(bench)
    assert steps[-1].figures["reward_margin"] > steps[0].figures["reward_margin"]
    assert steps[-1].figures["reward_accuracy"] > 0.9
    assert steps[-1].loss < steps[0].loss
    measured = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert measured[-1].figures["reward_accuracy"] > 0.7
    assert isinstance(bench.objective, Preference)
    judged = judged_pairs(bench.objective, bench.trained, bench.channel)
    assert [pair.row for pair in judged] == [101, 102, 103, 104]
    assert sum(pair.tuned for pair in judged) > sum(pair.base for pair in judged) + 0.1
    assert state.step == steps[-1].step


def test_the_reference_reads_no_pair_that_no_step_learns_from(bench_for: BenchFor) -> None:
    bench = begun(bench_for(method="dpo", max_steps=1, batch_size=2))
    assert isinstance(bench.objective, Preference)
    read = bench.objective._reference[id(pairs_of(bench))]
    assert set(read) == set(indices_of_step(1, 2, len(pairs_of(bench)), bench.job.settings.seed))
    train(bench, TrainingState())
    assert [step.step for step in steps_of(bench)] == [1]


def test_dpo_begins_without_any_preference_and_its_rewards_at_zero(bench_for: BenchFor) -> None:
    """Silent killer: a reference that is not exactly the model the training starts from."""
    bench = begun(bench_for(method="dpo", **job_for("lora", max_steps=1, precision="fp32")))
    train(bench, TrainingState())
    first = steps_of(bench)[0]
    assert first.loss == pytest.approx(0.6931472, abs=1e-4)
    assert first.figures["chosen_reward"] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_how_a_batch_of_pairs_is_cut_changes_neither_loss_nor_gradient(method: str, bench_for: BenchFor) -> None:
    curves = []
    for tokens in (64, 4096):
        job = job_for("lora", micro_batch_tokens=tokens, precision="fp32", max_steps=3, held_out=0)
        bench = begun(bench_for(f"cut-{tokens}", method=method, **job))
        train(bench, TrainingState())
        curves.append([number for step in steps_of(bench) for number in (step.loss, step.gradient_norm)])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


@pytest.mark.parametrize(("method", "kind"), [("dpo", "lora"), ("ipo", "full"), ("simpo", "dora"), ("orpo", "pissa")])
def test_a_resumed_run_on_pairs_repeats_its_bits(method: str, kind: str, bench_for: BenchFor) -> None:
    job = job_for(kind, max_steps=4, checkpoint_every=2, keep_checkpoints=5, learning_rate=1e-3, held_out=0)
    whole = begun(bench_for("whole", method=method, **job))
    train(whole, TrainingState())
    resumed = bench_for("resumed", method=method, **job)
    folder = whole.run_folder / "checkpoints" / "step-000002"
    state = restore(folder, resumed.job, resumed.trained, resumed.optimiser, pytest.fail)
    train(begun(resumed), state)
    bits, again = loss_bits(whole.run_folder), loss_bits(resumed.run_folder)
    assert again == {step: bits[step] for step in (3, 4)}
    assert torch.equal(resumed.trained.parameters.values, whole.trained.parameters.values)


def test_rows_without_a_rejected_answer_are_refused_by_their_number(bench_for: BenchFor) -> None:
    with pytest.raises(DatasetHasNoPairs, match="row 1 "):
        bench_for(method="dpo", make=an_example)


def test_a_pair_of_which_one_side_is_too_long_is_left_out_whole(bench_for: BenchFor) -> None:
    bench = bench_for(method="dpo", **job_for("lora", max_length=85))
    pairs = pairs_of(bench)
    assert 0 < len(pairs) < 20
    assert pairs.chosen.rows.tolist() == pairs.rejected.rows.tolist()
    assert max(*pairs.chosen.lengths, *pairs.rejected.lengths) <= 85


def test_a_whole_attempt_on_pairs_leaves_judged_pairs_and_an_adapter(
    tiny_base: Path, tmp_path: Path, workers: Workers
) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, method="dpo", max_steps=2)
    assert workers.run(folder) == 0
    finished = facts_of(folder)[-1]
    assert isinstance(finished, Finished) and (folder / finished.adapter_folder / "adapter_config.json").is_file()
    sheet = AnswerSheet.model_validate_json((folder / finished.answers_file).read_bytes())
    assert [pair.row for pair in sheet.pairs] == [101, 102, 103, 104]
    assert sheet.base_loss == pytest.approx(0.6931, abs=1e-3)
