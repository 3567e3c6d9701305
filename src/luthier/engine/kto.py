"""KTO: learning from answers that were judged good or bad, one at a time, against the base as the reference."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from luthier.data.encode import EncodedSet
from luthier.data.judged import JudgedSet
from luthier.data.packing import micro_batches
from luthier.domain.jobs import HeldOutLoss, Job
from luthier.engine.answer_log_probs import answers_of
from luthier.engine.channel import Channel
from luthier.engine.forward import products_in
from luthier.engine.held_out import refuse_not_finite
from luthier.engine.loading import LoadedBase
from luthier.engine.objective import Gathered, Objective
from luthier.engine.packed_attention import packed_attention
from luthier.engine.preference_losses import kto
from luthier.engine.preparing import learned_indices
from luthier.engine.trained import Trained


class Judgements(Objective):
    """The point of zero is that of the whole step, however it is cut into passes; no gradient goes through it."""

    def __init__(
        self, job: Job, base: LoadedBase, trained: Trained, train: JudgedSet, held_out: JudgedSet | None
    ) -> None:
        self._settings = job.settings
        self._base = base
        self._trained = trained
        self._train = train
        self._held_out = held_out
        self._reference: dict[int, Tensor] = {}
        self._pass_tokens = job.settings.micro_batch_tokens

    def begin(self, pass_tokens: int, channel: Channel) -> None:
        """The reference does not change, so every answer that is asked for is read by it once and never again."""
        self._pass_tokens = pass_tokens
        with self._trained.disabled(), self._measuring():
            self._refer(self._train, learned_indices(len(self._train), self._settings), channel)
            if self._held_out is not None:
                self._refer(self._held_out, range(len(self._held_out)), channel)

    def gather(self, indices: Sequence[int], pass_tokens: int, channel: Channel) -> Gathered:
        self._pass_tokens = pass_tokens
        answers, losses, supervised = self._train.answers, 0.0, 0
        ahead, zero = torch.zeros(len(indices)), self._zero(self._train, indices, channel)
        for places in self._groups(answers, indices):
            group = [indices[place] for place in places]
            sums, tokens = answers_of(self._base.model, answers.packed(group))
            further = sums - self._reference[id(answers)][group]
            loss = self._losses(self._train, group, further, zero).sum() / len(indices)
            loss.backward()
            losses += float(loss.detach())
            ahead[places] = further.detach()
            supervised += int(tokens.sum())
            channel.busy += 1
        lengths = sum(int(answers.lengths[index]) for index in indices)
        return Gathered(losses, lengths, supervised, self._figures(self._train, indices, ahead, zero))

    def held_out(self, step: int, pass_tokens: int, channel: Channel) -> HeldOutLoss | None:
        if self._held_out is None:
            return None
        self._pass_tokens = pass_tokens
        judged, every = self._held_out, range(len(self._held_out))
        with self._measuring():
            zero = self._zero(judged, every, channel, "measuring the held-out loss")
            read = self._read(judged.answers, every, channel, "measuring the held-out loss")
        ahead = read - self._reference[id(judged.answers)]
        loss = float(self._losses(judged, every, ahead, zero).mean())
        refuse_not_finite(loss, step, self._settings)
        figures = self._figures(judged, every, ahead, zero)
        return HeldOutLoss(step=step, loss=loss, tokens=judged.answers.tokens, figures=figures)

    def _refer(self, judged: JudgedSet, indices: Sequence[int], channel: Channel) -> None:
        for encoded in (judged.answers, judged.strangers):
            found = torch.full((len(encoded),), torch.nan)
            found[list(indices)] = self._read(encoded, indices, channel, "reading the answers with the base")
            self._reference[id(encoded)] = found

    def _groups(self, encoded: EncodedSet, indices: Sequence[int]) -> list[list[int]]:
        """Places among `indices`."""
        return micro_batches([int(encoded.lengths[index]) for index in indices], self._pass_tokens)

    def _losses(self, judged: JudgedSet, indices: Sequence[int], ahead: Tensor, zero: Tensor) -> Tensor:
        """One for each answer, weighted as the settings say."""
        desirable = _desirable(judged, indices)
        settings = self._settings
        weights = torch.where(desirable, settings.desirable_weight, settings.undesirable_weight)
        return weights * kto(ahead, zero, desirable, settings.preference_beta)

    def _zero(self, judged: JudgedSet, indices: Sequence[int], channel: Channel, what: str | None = None) -> Tensor:
        """How far the policy is from the reference on answers that do not belong to the question, and at least 0."""
        strangers = judged.strangers
        read = self._read(strangers, indices, channel, what)
        return (read - self._reference[id(strangers)][list(indices)]).mean().clamp(min=0)

    @torch.no_grad()
    def _read(self, encoded: EncodedSet, indices: Sequence[int], channel: Channel, what: str | None) -> Tensor:
        """[indices]: log probabilities of whole answers. Where `what` is told, a wish to stop is obeyed as well."""
        found, groups = torch.zeros(len(indices)), self._groups(encoded, indices)
        for done, places in enumerate(groups):
            if what is not None:
                channel.obey()
                channel.progress(what, done, len(groups))
            found[places] = answers_of(self._base.model, encoded.packed([indices[place] for place in places]))[0]
            channel.busy += 1
        return found

    @torch.no_grad()
    def _figures(self, judged: JudgedSet, indices: Sequence[int], ahead: Tensor, zero: Tensor) -> dict[str, float]:
        """Rewards as in the paper: beta times how far an answer is ahead. A side of which there is none has none."""
        desirable, rewards = _desirable(judged, indices), self._settings.preference_beta * ahead.double()
        right = torch.where(desirable, ahead > zero, ahead < zero)
        figures = {"reward_accuracy": float(right.double().mean()), "zero_point_nats": float(zero)}
        if desirable.any():
            figures["chosen_reward"] = float(rewards[desirable].mean())
        if not desirable.all():
            figures["rejected_reward"] = float(rewards[~desirable].mean())
        return figures

    @contextmanager
    def _measuring(self) -> Iterator[None]:
        with packed_attention(self._base.model), products_in(self._settings):
            yield


def _desirable(judged: JudgedSet, indices: Sequence[int]) -> Tensor:
    return torch.from_numpy(judged.desirable[list(indices)])
