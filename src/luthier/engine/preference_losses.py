"""Losses on answers that are compared, named as in their papers; every one is a function of log probabilities alone."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

_SUREST = -1e-6  # log probability above which odds have no meaning in fp32


@dataclass(frozen=True, eq=False)
class Sides:
    """Log probabilities of whole answers and their numbers of tokens, one value for each pair, fp32."""

    chosen: Tensor
    rejected: Tensor
    chosen_tokens: Tensor
    rejected_tokens: Tensor

    def of(self, pair: int) -> "Sides":
        """One pair, still with a dimension of pairs."""
        place = slice(pair, pair + 1)
        return Sides(self.chosen[place], self.rejected[place], self.chosen_tokens[place], self.rejected_tokens[place])

    @property
    def mean_chosen(self) -> Tensor:
        """Per token."""
        return self.chosen / self.chosen_tokens

    @property
    def mean_rejected(self) -> Tensor:
        return self.rejected / self.rejected_tokens


def dpo(policy: Sides, reference: Sides, beta: float) -> Tensor:
    """Rafailov et al. 2023 (arXiv 2305.18290), equation 7: how far chosen is ahead, beyond the reference."""
    return -logsigmoid(beta * ((policy.chosen - reference.chosen) - (policy.rejected - reference.rejected)))


def ipo(policy: Sides, reference: Sides, beta: float) -> Tensor:
    """Azar et al. 2023 (arXiv 2310.12036), equation 17, on means over tokens: (h - 1 / (2 beta))^2."""
    ahead = (policy.mean_chosen - reference.mean_chosen) - (policy.mean_rejected - reference.mean_rejected)
    return (ahead - 1 / (2 * beta)).square()


def simpo(policy: Sides, beta: float, margin: float) -> Tensor:
    """Meng et al. 2024 (arXiv 2405.14734), equation 6: no reference, means over tokens, a margin to be ahead by."""
    return -logsigmoid(beta * (policy.mean_chosen - policy.mean_rejected) - margin)


def orpo(policy: Sides, beta: float) -> Tensor:
    """Hong et al. 2024 (arXiv 2403.07691), equations 6 and 7: the supervised loss, and the ratio of the odds."""
    ratio = _log_odds(policy.mean_chosen) - _log_odds(policy.mean_rejected)
    return -policy.mean_chosen - beta * logsigmoid(ratio)


def kto(ahead: Tensor, zero: Tensor, desirable: Tensor, beta: float) -> Tensor:
    """Ethayarajh et al. 2024 (arXiv 2402.01306), equation 7, without its weights: how little an answer is worth.

    `ahead` [answers] is by how many nats the policy finds each likelier than the reference does; `zero` is the mean of
    that over answers to other questions, and at least 0.
    """
    return 1 - torch.sigmoid(beta * torch.where(desirable, ahead - zero, zero - ahead))


def bradley_terry(rewards: Tensor) -> Tensor:
    """Bradley & Terry 1952, as Ouyang et al. 2022 (arXiv 2203.02155), equation 1: [pairs] from [pairs, 2] rewards."""
    chosen, rejected = rewards.unbind(1)
    return -logsigmoid(chosen - rejected)


def figures_of(rewards: Tensor) -> dict[str, float]:
    """What a step reports of the rewards [pairs, 2] of chosen and rejected answers."""
    chosen, rejected = rewards.double().unbind(1)
    return {
        "chosen_reward": float(chosen.mean()),
        "rejected_reward": float(rejected.mean()),
        "reward_margin": float((chosen - rejected).mean()),
        "reward_accuracy": float((chosen > rejected).double().mean()),
    }


def _log_odds(log_probability: Tensor) -> Tensor:
    """log (p / (1 - p)), finite for a model that is certain."""
    sure = log_probability.clamp(max=_SUREST)
    return sure - torch.log(-torch.expm1(sure))
