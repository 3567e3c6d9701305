"""Training on pairs: which of two answers is better, against the base as a reference where the method has one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from luthier.data.packing import micro_batches
from luthier.data.pairs import PairSet
from luthier.domain.jobs import HeldOutLoss, Job
from luthier.domain.recipes import REFERRING_METHODS, TrainingSettings
from luthier.engine.answer_log_probs import sides_of
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.held_out import refuse_not_finite
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, PairObjective
from luthier.engine.packed_attention import packed_attention
from luthier.engine.preference_losses import Sides, dpo, figures_of, ipo, orpo, simpo
from luthier.engine.preparing import learned_indices
from luthier.engine.trained import Trained


class Preference(PairObjective):
    def __init__(self, job: Job, base: LoadedBase, trained: Trained, train: PairSet, held_out: PairSet | None) -> None:
        self._job = job
        self._base = base
        self._trained = trained
        self._train = train
        self._held_out = held_out
        self._reference: dict[int, dict[int, Sides]] = {}
        self._pass_tokens = job.settings.micro_batch_tokens

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """The reference does not change, so every pair that is asked for is read by it once and never again."""
        self._pass_tokens = pass_tokens
        if self._job.method not in REFERRING_METHODS:
            return
        what = "reading the pairs with the base"
        with self._trained.disabled():
            learned = learned_indices(len(self._train), self._settings)
            self._reference[id(self._train)] = self._read(self._train, learned, what, channel)
            if self._held_out is not None:
                every = range(len(self._held_out))
                self._reference[id(self._held_out)] = self._read(self._held_out, every, what, channel)

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        self._pass_tokens = pass_tokens
        losses, rewards, tokens, supervised = 0.0, [], 0, 0
        for group in self._groups(self._train, indices):
            sides = sides_of(self._base.model, self._train.packed(group))
            loss = self._losses(self._train, group, sides)
            (loss.sum() / len(indices)).backward()
            losses += float(loss.detach().sum())
            rewards.append(self._rewards(self._train, group, sides))
            tokens += sum(self._train.lengths[index] for index in group)
            supervised += int(sides.chosen_tokens.sum() + sides.rejected_tokens.sum())
            channel.busy += 1
        return Gathered(losses / len(indices), tokens, supervised, figures_of(torch.cat(rewards)))

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if self._held_out is None:
            return None
        self._pass_tokens = pass_tokens
        every = range(len(self._held_out))
        sides = self._read(self._held_out, every, "measuring the held-out loss", channel)
        losses = [float(self._losses(self._held_out, [at], sides[at])) for at in every]
        loss = sum(losses) / len(losses)
        refuse_not_finite(loss, step, self._settings)
        rewards = torch.cat([self._rewards(self._held_out, [at], sides[at]) for at in every])
        return HeldOutLoss(step=step, loss=loss, tokens=sum(self._held_out.lengths), figures=figures_of(rewards))

    def leanings(self, channel: Channel) -> dict[int, float]:
        """In nats per token: by how much the chosen answer is likelier."""
        if self._held_out is None:
            return {}
        sides = self._read(self._held_out, range(len(self._held_out)), "judging held-out pairs", channel)
        ahead = [float(side.mean_chosen - side.mean_rejected) for side in sides.values()]
        return dict(zip(self._held_out.chosen.rows.tolist(), ahead, strict=True))

    @property
    def _settings(self) -> TrainingSettings:
        return self._job.settings

    def _groups(self, pairs: PairSet, indices: Sequence[int]) -> list[list[int]]:
        lengths = pairs.lengths
        groups = micro_batches([lengths[index] for index in indices], self._pass_tokens)
        return [[indices[place] for place in group] for group in groups]

    def _losses(self, pairs: PairSet, indices: Sequence[int], sides: Sides) -> Tensor:
        """One for each pair."""
        beta = self._settings.preference_beta
        match self._job.method:
            case "dpo":
                return dpo(sides, self._reference_of(pairs, indices), beta)
            case "ipo":
                return ipo(sides, self._reference_of(pairs, indices), beta)
            case "simpo":
                return simpo(sides, beta, self._settings.preference_margin)
            case "orpo":
                return orpo(sides, beta)
            case _:
                raise ValueError(f"{self._job.method} does not learn from pairs")

    def _rewards(self, pairs: PairSet, indices: Sequence[int], sides: Sides) -> Tensor:
        """[pairs, 2]: the implicit rewards of chosen and rejected, as each method's paper defines them."""
        with torch.no_grad():
            beta = self._settings.preference_beta
            if self._job.method not in REFERRING_METHODS:
                return torch.stack([beta * sides.mean_chosen, beta * sides.mean_rejected], dim=-1).view(-1, 2)
            reference = self._reference_of(pairs, indices)
            chosen, rejected = sides.chosen - reference.chosen, sides.rejected - reference.rejected
            return torch.stack([beta * chosen, beta * rejected], dim=-1).view(-1, 2)

    def _reference_of(self, pairs: PairSet, indices: Sequence[int]) -> Sides:
        known = self._reference[id(pairs)]
        return _joined([known[index] for index in indices])

    @torch.no_grad()
    def _read(self, pairs: PairSet, indices: Sequence[int], what: str, channel: Channel) -> dict[int, Sides]:
        """By index, in the order of `indices`."""
        found: dict[int, Sides] = {}
        groups = self._groups(pairs, indices)
        with self._measuring():
            for done, group in enumerate(groups):
                channel.obey()
                channel.progress(what, done, len(groups))
                sides = sides_of(self._base.model, pairs.packed(group))
                found.update({index: sides.of(place) for place, index in enumerate(group)})
            channel.progress(what, len(groups), len(groups))
        return {index: found[index] for index in indices}

    @contextmanager
    def _measuring(self) -> Iterator[None]:
        with packed_attention(self._base.model), products_in(self._settings):
            yield


def _joined(sides: Sequence[Sides]) -> Sides:
    return Sides(
        chosen=torch.cat([side.chosen for side in sides]),
        rejected=torch.cat([side.rejected for side in sides]),
        chosen_tokens=torch.cat([side.chosen_tokens for side in sides]),
        rejected_tokens=torch.cat([side.rejected_tokens for side in sides]),
    )
