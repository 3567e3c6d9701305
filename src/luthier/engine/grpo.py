"""GRPO: learning from rewards. Several answers are drawn to each question; the better ones of a group become likelier.

Shao et al. 2024 (arXiv 2402.03300). One step draws its answers and learns from them once, so that the model it changes
is the one that gave them. The reference is the base.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from luthier.data.packing import PackedRow, micro_batches, pack
from luthier.data.preflight_findings import checked_once
from luthier.domain.errors import Action
from luthier.domain.findings import Finding, Level
from luthier.domain.jobs import HeldOutLoss, Job
from luthier.domain.preflight import CheckRun
from luthier.engine.answer_log_probs import tokens_of
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.generate import Answered, Choose, answer_ids, drawn, likeliest
from luthier.engine.group_loss import advantages_of, grpo, kl_of, means_of
from luthier.engine.held_out import refuse_not_finite
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, Objective
from luthier.engine.preparing import PreparedData
from luthier.engine.rewarding import Asked, Task, rewards_of
from luthier.engine.trained import Trained

_REHEARSED = 4  # questions that preflight asks


@dataclass(frozen=True, eq=False)
class _Answer:
    prompt: Sequence[int]
    given: Answered

    @property
    def ids(self) -> list[int]:
        """With the token that ended it: stopping is learnt like any other word."""
        return [*self.prompt, *self.learnt]

    @property
    def learnt(self) -> tuple[int, ...]:
        return self.given.ids if self.given.stop is None else (*self.given.ids, self.given.stop)


@dataclass(frozen=True, eq=False)
class _Drawn:
    answers: list[_Answer]  # group after group
    rewards: Tensor  # [questions, answers]


class GroupRelative(Objective):
    def __init__(self, job: Job, base: LoadedBase, trained: Trained, data: PreparedData) -> None:
        self._job = job
        self._settings = job.settings
        self._base = base
        self._trained = trained
        self._data = data
        self._drawn = _Drawn([], torch.zeros(0, job.settings.group_size))

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """The reference reads answers when they are there."""

    def rehearse(self, channel: Channel) -> tuple[Sequence[CheckRun], Sequence[Finding]]:
        """Rewards that do not tell the answers of the model as it begins apart have nothing to teach it."""
        rows = range(min(_REHEARSED, len(self._data.train)))
        with products_in(self._settings):
            self.draw(rows, channel)
        checked = checked_once(
            "rewards_equal",
            "Do rewards tell the model's own answers apart?",
            [] if (self._drawn.rewards.std(dim=1) > 0).any() else [self._nothing_to_learn(len(rows))],
            level=Level.WARNING,
            actions=(
                Action(label="Give a part of the reward for a part of what is wanted, e.g. rouge beside exact"),
                Action(label="Or let it draw more answers", command="luthier train RECIPE.yaml --set group_size=16"),
            ),
        )
        return [checked.run], checked.findings

    def draw(self, indices: Sequence[int], channel: Channel) -> None:
        tasks = [self._data.tasks[int(self._data.train.rows[index])] for index in indices]
        groups = [task for task in tasks for _ in range(self._settings.group_size)]
        answers, rewards = self._answered(groups, self._settings.answer_tokens, drawn, channel)
        self._drawn = _Drawn(answers, torch.tensor(rewards).view(len(tasks), self._settings.group_size))

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        answers, advantages = self._drawn.answers, advantages_of(self._drawn.rewards).flatten()
        total, kl_total, lengths = 0.0, 0.0, [len(answer.ids) for answer in answers]
        for places in micro_batches(lengths, pass_tokens):
            row = _packed([answers[place] for place in places])
            policy, answer = tokens_of(self._base.model, row)
            kl = self._kl(row, policy)
            each = grpo(policy, advantages[places][answer], kl, self._settings.kl_weight)
            loss = means_of(each, answer, len(places)).sum() / len(answers)
            loss.backward()
            total += float(loss.detach())
            if kl is not None:
                kl_total += float(means_of(kl.detach(), answer, len(places)).sum()) / len(answers)
            channel.busy += 1
        supervised = sum(len(answer.learnt) for answer in answers)
        return Gathered(total, sum(lengths), supervised, self._figures(kl_total))

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        """The likeliest answers' mean reward with its sign turned, because a loss is what falls."""
        tasks = self._data.held_out_tasks[: self._job.evaluation.examples]
        if not tasks:
            return None
        with products_in(self._settings):
            answers, rewards = self._answered(tasks, self._settings.answer_tokens, likeliest, channel)
        mean = sum(rewards) / len(rewards)
        refuse_not_finite(mean, step, self._settings)
        figures = {"reward_mean": mean, "answer_tokens": _mean_tokens(answers)}
        tokens = sum(len(answer.learnt) for answer in answers)
        return HeldOutLoss(step=step, loss=-mean, tokens=tokens, figures=figures)

    def _answered(
        self, tasks: Sequence[Task], most_tokens: int, choose: Choose, channel: Channel
    ) -> tuple[list[_Answer], list[float]]:
        """One answer to each, and its reward. Raises Interrupted between two tokens."""

        def on_progress(done: int, total: int) -> None:
            channel.obey()
            channel.busy += 1

        renderer, prompts = self._base.renderer, [task.question.ids for task in tasks]
        given = answer_ids(self._base.model, prompts, frozenset(renderer.stop_ids), most_tokens, on_progress, choose)
        asked = [
            Asked(task.question, task.example, renderer.decode(each.ids))
            for task, each in zip(tasks, given, strict=True)
        ]
        answers = [_Answer(prompt, each) for prompt, each in zip(prompts, given, strict=True)]
        return answers, rewards_of(self._job.rewards, asked)

    def _kl(self, row: PackedRow, policy: Tensor) -> Tensor | None:
        """[tokens], against the base; None where nothing holds the model to it."""
        if self._settings.kl_weight == 0:
            return None
        with self._trained.disabled(), torch.no_grad():
            reference, _ = tokens_of(self._base.model, row)
        return kl_of(policy, reference)

    def _figures(self, kl: float) -> dict[str, float]:
        rewards = self._drawn.rewards.double()
        deviations = rewards.std(dim=1)
        figures = {
            "reward_mean": float(rewards.mean()),
            "reward_deviation": float(deviations.mean()),
            "equal_groups": float((deviations == 0).double().mean()),
            "answer_tokens": _mean_tokens(self._drawn.answers),
        }
        return figures if self._settings.kl_weight == 0 else {**figures, "kl_nats": kl}

    def _nothing_to_learn(self, questions: int) -> str:
        reward = float(self._drawn.rewards[0, 0])
        return (
            f"All {self._settings.group_size} answers to each of {questions} questions got the same reward, "
            f"{reward:g} to the first: while that stays so, there is nothing to learn."
        )


def _packed(answers: Sequence[_Answer]) -> PackedRow:
    ids = [np.array(answer.ids, dtype=np.uint32) for answer in answers]
    supervised = [np.arange(len(answer.ids)) >= len(answer.prompt) for answer in answers]
    return pack(ids, supervised)


def _mean_tokens(answers: Sequence[_Answer]) -> float:
    return sum(len(answer.learnt) for answer in answers) / len(answers)
