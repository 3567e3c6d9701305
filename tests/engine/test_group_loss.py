"""GRPO's loss held to TRL's figures (files/write_trl_losses.py, TRL 1.16) and to the paper's formula written anew."""

import json
import math
from pathlib import Path
from statistics import mean, stdev

import pytest
import torch
from torch import Tensor

from luthier.engine.group_loss import advantages_of, grpo, kl_of, means_of

RECORDED = json.loads((Path(__file__).parent / "files" / "trl_losses.json").read_text())
MASK = torch.tensor(RECORDED["answer_mask"]).bool()
ANSWER = MASK.nonzero()[:, 0]


def tokens(who: str) -> Tensor:
    return torch.tensor(RECORDED[f"{who}_tokens"])[MASK]


def loss_of(policy: Tensor) -> Tensor:
    advantages = advantages_of(torch.tensor(RECORDED["groups"])).flatten()
    each = grpo(policy, advantages[ANSWER], kl_of(policy, tokens("reference")), RECORDED["kl_weight"])
    return means_of(each, ANSWER, len(MASK)).mean()


def test_loss_and_gradient_of_grpo_are_what_trl_computes_from_the_same_log_probabilities() -> None:
    policy = tokens("policy").requires_grad_()
    loss = loss_of(policy)
    loss.backward()
    assert policy.grad is not None
    assert float(loss.detach()) == pytest.approx(RECORDED["losses"]["grpo"], rel=1e-5)
    gradient = torch.tensor(RECORDED["grpo_gradient"])[MASK]
    assert torch.allclose(policy.grad, gradient, rtol=1e-5, atol=1e-8)


def test_the_loss_is_equation_3_of_the_paper() -> None:
    """Written for one answer after the other, in plain arithmetic; the ratio to the model that answered is 1."""
    terms, place = [], 0
    policy, reference = tokens("policy").tolist(), tokens("reference").tolist()
    for at, count in enumerate(MASK.sum(1).tolist()):
        group = RECORDED["groups"][at // 4]
        advantage = (group[at % 4] - mean(group)) / (stdev(group) + 1e-4)
        ahead = [reference[each] - policy[each] for each in range(place, place + count)]
        kl = [math.exp(each) - each - 1 for each in ahead]
        terms.append(mean(advantage - RECORDED["kl_weight"] * each for each in kl))
        place += count
    assert float(loss_of(tokens("policy"))) == pytest.approx(-mean(terms), rel=1e-5)


def test_answers_that_are_all_rewarded_alike_teach_nothing() -> None:
    assert advantages_of(torch.full((2, 4), 0.7)).abs().max() < 1e-2
    assert advantages_of(torch.tensor([[1.0, 0.0], [5.0, 5.0]]))[1].tolist() == [0.0, 0.0]


def test_a_model_that_is_its_own_reference_is_held_by_nothing() -> None:
    policy = tokens("policy").requires_grad_()
    kl_of(policy, policy.detach()).sum().backward()
    assert policy.grad is not None
    assert policy.grad.abs().max() == 0
