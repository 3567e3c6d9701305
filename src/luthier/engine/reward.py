"""Reward modelling: a number for every answer, higher for the one that people chose."""

from collections.abc import Sequence

import torch
from torch import Tensor

from luthier.data.packing import micro_batches
from luthier.data.pairs import PairSet
from luthier.domain.jobs import HeldOutLoss
from luthier.domain.recipes import TrainingSettings
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.held_out import refuse_not_finite
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, PairObjective
from luthier.engine.packed_attention import packed_attention
from luthier.engine.preference_losses import bradley_terry, figures_of
from luthier.engine.reward_head import RewardHead


class Rewards(PairObjective):
    def __init__(
        self, base: LoadedBase, head: RewardHead, settings: TrainingSettings, train: PairSet, held_out: PairSet | None
    ) -> None:
        self._base = base
        self._head = head
        self._settings = settings
        self._train = train
        self._held_out = held_out

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """There is no reference to be read."""

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        total, given = 0.0, []
        for places in micro_batches([self._train.lengths[index] for index in indices], pass_tokens):
            rewards = self._rewards(self._train, [indices[place] for place in places])
            loss = bradley_terry(rewards).sum() / len(indices)
            loss.backward()
            total += float(loss.detach())
            given.append(rewards.detach())
            channel.busy += 1
        tokens = sum(self._train.lengths[index] for index in indices)
        return Gathered(total, tokens, 2 * len(indices), figures_of(torch.cat(given)))

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if self._held_out is None:
            return None
        rewards = self._all(self._held_out, pass_tokens, "measuring the held-out loss", channel)
        loss = float(bradley_terry(rewards).mean())
        refuse_not_finite(loss, step, self._settings)
        return HeldOutLoss(step=step, loss=loss, tokens=sum(self._held_out.lengths), figures=figures_of(rewards))

    def leanings(self, channel: Channel) -> dict[int, float]:
        """By how much the chosen answer's reward is higher."""
        if self._held_out is None:
            return {}
        tokens = self._settings.micro_batch_tokens
        chosen, rejected = self._all(self._held_out, tokens, "judging held-out pairs", channel).unbind(1)
        return dict(zip(self._held_out.chosen.rows.tolist(), (chosen - rejected).tolist(), strict=True))

    def _rewards(self, pairs: PairSet, indices: Sequence[int]) -> Tensor:
        """[pairs, 2]: of the chosen and of the rejected answer."""
        return self._head.rewards(self._base.model, pairs.packed(indices)).view(-1, 2)

    @torch.no_grad()
    def _all(self, pairs: PairSet, pass_tokens: int, what: str, channel: Channel) -> Tensor:
        """[pairs, 2], in order. Raises Interrupted between two passes."""
        found, groups = torch.zeros(len(pairs), 2), micro_batches(pairs.lengths, pass_tokens)
        with packed_attention(self._base.model), products_in(self._settings):
            for done, group in enumerate(groups):
                channel.obey()
                channel.progress(what, done, len(groups))
                found[group] = self._rewards(pairs, group)
        return found
