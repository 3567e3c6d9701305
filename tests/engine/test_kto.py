from collections.abc import Callable

import pytest

from luthier.domain.datasets import DatasetHasNoLabels
from luthier.domain.jobs import HeldOutLoss, Step
from luthier.engine.checkpoints import TrainingState
from luthier.engine.loop import Bench, train
from tests.builders.jobs import an_example
from tests.engine.kinds import job_for
from tests.engine.workers import facts_of

BenchFor = Callable[..., Bench]


def begun(bench: Bench) -> Bench:
    bench.objective.begin(128, bench.channel)
    return bench


def steps_of(bench: Bench) -> list[Step]:
    return [fact for fact in facts_of(bench.run_folder) if fact.kind == "step"]


def test_good_answers_become_likelier_than_the_reference_finds_them_and_bad_ones_less(bench_for: BenchFor) -> None:
    bench = begun(bench_for(method="kto", **job_for("lora", max_steps=15, learning_rate=1e-2)))
    train(bench, TrainingState())
    first, *_, last = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert first.figures["chosen_reward"] == pytest.approx(0, abs=1e-3)
    assert last.figures["chosen_reward"] > 0 > last.figures["rejected_reward"]
    assert last.figures["reward_accuracy"] > 0.7
    assert last.loss < first.loss - 0.05


def test_kto_begins_at_a_half_where_nothing_is_likelier_than_the_reference_finds_it(bench_for: BenchFor) -> None:
    """Silent killer: a reference that is not exactly the model the training starts from."""
    bench = begun(bench_for(method="kto", **job_for("lora", max_steps=1, precision="fp32")))
    train(bench, TrainingState())
    assert steps_of(bench)[0].loss == pytest.approx(0.5, abs=1e-4)
    assert steps_of(bench)[0].figures["zero_point_nats"] == pytest.approx(0, abs=1e-3)


def test_how_a_batch_of_judged_answers_is_cut_changes_neither_loss_nor_gradient(bench_for: BenchFor) -> None:
    """The point of zero belongs to the step and not to a pass of it."""
    curves = []
    for tokens in (64, 4096):
        job = job_for(
            "rslora", micro_batch_tokens=tokens, precision="fp32", max_steps=3, held_out=0, learning_rate=1e-2
        )
        bench = begun(bench_for(f"cut-{tokens}", method="kto", **job))
        train(bench, TrainingState())
        curves.append([number for step in steps_of(bench) for number in (step.loss, step.gradient_norm)])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)


def test_weights_of_the_two_sides_reach_the_loss(bench_for: BenchFor) -> None:
    def first_loss(name: str, **weights: float) -> float:
        bench = begun(bench_for(name, method="kto", **job_for("rslora", max_steps=1, precision="fp32", **weights)))
        train(bench, TrainingState())
        return steps_of(bench)[0].loss

    assert first_loss("plain") == pytest.approx(0.5, abs=1e-4)
    assert first_loss("heavy", desirable_weight=3.0, undesirable_weight=3.0) == pytest.approx(1.5, abs=1e-4)
    assert 0.5 < first_loss("one", undesirable_weight=3.0) < 1.5


def test_rows_that_nobody_judged_are_refused_by_their_number(bench_for: BenchFor) -> None:
    with pytest.raises(DatasetHasNoLabels, match="row 1 "):
        bench_for(method="kto", make=an_example)
