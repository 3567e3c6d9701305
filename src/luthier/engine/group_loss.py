"""The loss of GRPO: a function of rewards and of log probabilities alone (Shao et al. 2024, arXiv 2402.03300)."""

import torch
from torch import Tensor

_LEAST_DEVIATION = 1e-4  # as TRL has it: rewards that differ by less are hardly told apart


def advantages_of(rewards: Tensor) -> Tensor:
    """[questions, answers]: by how many deviations of its group each answer is better (section 4.1.2).

    Answers that are all rewarded alike teach nothing: theirs are 0.
    """
    deviations = rewards.std(dim=1, keepdim=True)
    return (rewards - rewards.mean(dim=1, keepdim=True)) / (deviations + _LEAST_DEVIATION)


def grpo(policy: Tensor, advantages: Tensor, kl: Tensor | None, kl_weight: float) -> Tensor:
    """Equation 3 for each token of the answers, [tokens], with the sign turned.

    The policy is the one that the answers were drawn from, so its ratio to that is 1 and never clipped; what remains
    is the gradient of equation 20.
    """
    gain = torch.exp(policy - policy.detach()) * advantages
    return -gain if kl is None else kl_weight * kl - gain


def kl_of(policy: Tensor, reference: Tensor) -> Tensor:
    """Equation 4, [tokens]: an unbiased estimate of how far the policy is from the reference, never below 0."""
    ahead = reference - policy
    return torch.exp(ahead) - ahead - 1


def means_of(each: Tensor, answer: Tensor, answers: int) -> Tensor:
    """[answers]: the mean over the tokens of each."""
    counts = torch.bincount(answer, minlength=answers)
    return torch.zeros(answers, dtype=each.dtype).index_add(0, answer, each) / counts
