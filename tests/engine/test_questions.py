"""Samples over time: what the model says at each measurement, without a trace in the training itself."""

from collections.abc import Callable

import torch

from luthier.domain.adapters import LoraSettings
from luthier.domain.jobs import Answered, Step
from luthier.domain.plans import EvaluationPlan
from luthier.engine.checkpoints import TrainingState
from luthier.engine.loop import Bench, train
from tests.engine.workers import facts_of

BenchFor = Callable[..., Bench]
DROPOUT = LoraSettings(rank=4, alpha=8, dropout=0.1)


def asking(samples: int) -> EvaluationPlan:
    return EvaluationPlan(scorer="off", max_new_tokens=8, examples=0, samples=samples, sample_tokens=6)


def told(bench: Bench) -> tuple[list[Answered], list[str]]:
    facts = facts_of(bench.run_folder)
    return (
        [fact for fact in facts if isinstance(fact, Answered)],
        [fact.loss_bits for fact in facts if isinstance(fact, Step)],
    )


def test_the_same_prompts_are_answered_at_every_measurement_from_the_base_on(bench_for: BenchFor) -> None:
    bench = bench_for(evaluation=asking(2), epochs=2, evaluate_every=4, learning_rate=1e-2)
    train(bench, TrainingState())
    answers, _ = told(bench)
    assert [fact.step for fact in answers] == [step for step in (0, 4, 8, 10) for _ in range(2)]
    assert len({fact.prompt for fact in answers}) == len({fact.row for fact in answers}) == 2
    assert all(fact.expected for fact in answers)


def test_asking_changes_no_loss_by_a_single_bit(bench_for: BenchFor) -> None:
    """With dropout, so that a random number drawn on the way would be seen."""
    curves = []
    for samples in (0, 3):
        bench = bench_for(f"samples-{samples}", evaluation=asking(samples), epochs=2, evaluate_every=1, adapter=DROPOUT)
        train(bench, TrainingState())
        answers, losses = told(bench)
        assert bool(answers) == bool(samples)
        curves.append(losses)
    assert curves[0] == curves[1]


def test_asking_draws_no_random_number(bench_for: BenchFor) -> None:
    bench = bench_for(evaluation=asking(2))
    before = torch.get_rng_state()
    bench.questions.answer(3, bench.channel)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_model_answers_the_same_twice(bench_for: BenchFor) -> None:
    bench = bench_for(evaluation=asking(2))
    for _ in range(2):
        bench.questions.answer(3, bench.channel)
    answers, _ = told(bench)
    assert answers[:2] == answers[2:]
