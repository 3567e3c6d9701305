from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.domain.datasets import DatasetHasNoAnswers, DatasetHasNoQuestions, Example
from luthier.domain.evaluations import AnswerSheet, RewardGain
from luthier.domain.jobs import Finished, HeldOutLoss, Step
from luthier.domain.plans import EvaluationPlan
from luthier.domain.rewards import Reward
from luthier.engine.checkpoints import TrainingState
from luthier.engine.generate import Answered
from luthier.engine.grpo import GroupRelative
from luthier.engine.loop import Bench, train
from tests.builders.jobs import a_run_folder, an_example
from tests.engine.kinds import job_for
from tests.engine.workers import Workers, facts_of

BenchFor = Callable[..., Bench]
BEGINS_WITH_A_LETTER = Reward(scorer="regex", argument="^[A-Za-z]")
FEW = {"group_size": 4, "answer_tokens": 6, "evaluation": EvaluationPlan(scorer="off", max_new_tokens=6, examples=4)}


def learning(bench_for: BenchFor, name: str = "run", kind: str = "lora", **changes: Any) -> Bench:
    return bench_for(
        name, method="grpo", **job_for(kind, **{"max_steps": 2, "rewards": (BEGINS_WITH_A_LETTER,), **FEW, **changes})
    )


def steps_of(bench: Bench) -> list[Step]:
    return [fact for fact in facts_of(bench.run_folder) if isinstance(fact, Step)]


def test_answers_that_are_rewarded_become_more_frequent(bench_for: BenchFor) -> None:
    bench = learning(
        bench_for, max_steps=20, epochs=10.0, learning_rate=2e-2, group_size=8, answer_tokens=2, evaluate_every=20
    )
    train(bench, TrainingState())
    rewards = [step.figures["reward_mean"] for step in steps_of(bench)]
    assert sum(rewards[-5:]) > 2 * sum(rewards[:5])
    before, after = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert after.figures["reward_mean"] == -after.loss > before.figures["reward_mean"]


def test_a_step_reports_what_was_drawn_and_how_far_the_model_is_from_its_base(bench_for: BenchFor) -> None:
    bench = learning(bench_for, learning_rate=5e-2, precision="fp32")
    train(bench, TrainingState())
    first, second = steps_of(bench)
    assert first.figures["kl_nats"] == pytest.approx(0, abs=1e-6) and second.figures["kl_nats"] > 1e-5
    assert 0 < first.figures["answer_tokens"] <= 7
    assert first.supervised_tokens == round(first.figures["answer_tokens"] * 16)
    assert 0 <= first.figures["equal_groups"] <= 1


def test_how_the_answers_of_a_step_are_cut_changes_neither_loss_nor_gradient(bench_for: BenchFor) -> None:
    curves = []
    for tokens in (64, 4096):
        job = {"micro_batch_tokens": tokens, "precision": "fp32", "held_out": 0, "rewards": (Reward(scorer="chrf"),)}
        bench = learning(bench_for, f"cut-{tokens}", "rslora", **job)
        train(bench, TrainingState())
        curves.append([number for step in steps_of(bench) for number in (step.loss, step.gradient_norm)])
    assert curves[0] == pytest.approx(curves[1], rel=1e-3, abs=1e-6)


def test_a_weight_of_zero_needs_no_base_and_reports_no_divergence(bench_for: BenchFor) -> None:
    bench = learning(bench_for, kl_weight=0.0, max_steps=1)
    train(bench, TrainingState())
    assert "kl_nats" not in steps_of(bench)[0].figures


def test_preflight_warns_when_all_rewards_are_equal_and_not_when_they_differ(bench_for: BenchFor) -> None:
    equal = learning(bench_for, "equal", rewards=(Reward(scorer="contains", argument="no model says this"),))
    checks, findings = equal.objective.rehearse(equal.channel)
    assert [each.code for each in findings] == ["preflight.rewards_equal"]
    assert "4 answers to each of 4 questions" in findings[0].sentence
    differing = learning(bench_for, "differing", rewards=(Reward(scorer="chrf"),))
    torch.manual_seed(0)
    assert differing.objective.rehearse(differing.channel)[1] == ()
    assert len(checks) == 1


def test_the_token_that_ends_an_answer_is_learnt_with_it(bench_for: BenchFor) -> None:
    """Hazard: a model that is never told that stopping was right talks on for ever."""
    bench = learning(bench_for)
    objective = bench.objective
    assert isinstance(objective, GroupRelative)
    stops = bench.base.renderer.stop_ids
    objective.draw([0], bench.channel)
    for answer in objective._drawn.answers:
        given: Answered = answer.given
        assert answer.learnt[: len(given.ids)] == given.ids
        assert answer.learnt[len(given.ids) :] == (() if given.stop is None else (given.stop,))
        assert given.stop is None or given.stop in stops


def a_question(row: int) -> Example:
    return replace(an_example(row), messages=an_example(row).messages[:1])


def test_questions_alone_are_answered_and_rewarded_like_others(bench_for: BenchFor) -> None:
    bench = learning(bench_for, make=a_question, train_on="everything")
    train(bench, TrainingState())
    assert [step.step for step in steps_of(bench)] == [1, 2]
    assert "reward_mean" in steps_of(bench)[0].figures
    before, *_ = [fact for fact in facts_of(bench.run_folder) if isinstance(fact, HeldOutLoss)]
    assert -before.loss == before.figures["reward_mean"]


@pytest.mark.parametrize("method", ["sft", "cpt"])
def test_questions_alone_teach_no_method_that_learns_from_answers(bench_for: BenchFor, method: str) -> None:
    with pytest.raises(DatasetHasNoAnswers, match=f"{method} learns from answers"):
        bench_for(method=method, make=a_question)


def test_plain_text_asks_nothing_and_is_refused_by_its_row(bench_for: BenchFor) -> None:
    with pytest.raises(DatasetHasNoQuestions, match="row 1 "):
        learning(bench_for, make=lambda row: Example(row=row, messages=(), text="Oak is hard."))


def test_a_whole_attempt_leaves_the_reward_before_and_after(tiny_base: Path, tmp_path: Path, workers: Workers) -> None:
    folder = a_run_folder(tmp_path / "run", tiny_base, method="grpo", max_steps=2, **FEW)
    assert workers.run(folder) == 0
    finished = facts_of(folder)[-1]
    assert isinstance(finished, Finished)
    sheet = AnswerSheet.model_validate_json((folder / finished.answers_file).read_bytes())
    assert isinstance(sheet.reward, RewardGain)
    assert sheet.base_loss is None and len(sheet.answers) == 3
