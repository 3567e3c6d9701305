import json
import math
from pathlib import Path

import pytest
import torch

from luthier.engine.preference_losses import Sides, bradley_terry, dpo, ipo, kto, orpo, simpo

RECORDED = json.loads((Path(__file__).parent / "files" / "trl_losses.json").read_text())
BETA, MARGIN = RECORDED["beta"], RECORDED["margin"]


def sides(who: str) -> Sides:
    values = (RECORDED[f"{who}_chosen"], RECORDED[f"{who}_rejected"])
    tokens = (RECORDED["chosen_tokens"], RECORDED["rejected_tokens"])
    return Sides(*(torch.tensor(part, dtype=torch.float32) for part in (*values, *tokens)))


POLICY, REFERENCE = sides("policy"), sides("reference")
LOSSES = {
    "dpo": lambda: dpo(POLICY, REFERENCE, BETA),
    "ipo": lambda: ipo(POLICY, REFERENCE, BETA),
    "simpo": lambda: simpo(POLICY, BETA, MARGIN),
    "orpo": lambda: orpo(POLICY, BETA),
}


@pytest.mark.parametrize("method", LOSSES)
def test_a_loss_is_what_trl_computes_from_the_same_log_probabilities(method: str) -> None:
    assert float(LOSSES[method]().mean()) == pytest.approx(RECORDED["losses"][method], rel=1e-5)


def numbers(name: str) -> torch.Tensor:
    return torch.tensor(RECORDED[name], dtype=torch.float32)


def test_kto_is_what_trl_computes_from_the_same_log_probabilities() -> None:
    ahead = torch.cat([POLICY.chosen - REFERENCE.chosen, POLICY.rejected - REFERENCE.rejected])
    zero = (numbers("strangers_policy") - numbers("strangers_reference")).mean().clamp(min=0)
    desirable = torch.tensor([True] * 4 + [False] * 4)
    weights = torch.where(desirable, RECORDED["good_weight"], RECORDED["bad_weight"])
    ours = (weights * kto(ahead, zero, desirable, BETA)).mean()
    assert float(ours) == pytest.approx(RECORDED["losses"]["kto"], rel=1e-5)


def test_the_loss_of_a_reward_model_is_what_trl_computes_from_the_same_rewards() -> None:
    rewards = torch.stack([numbers("chosen_rewards"), numbers("rejected_rewards")], dim=1)
    assert float(bradley_terry(rewards).mean()) == pytest.approx(RECORDED["losses"]["reward"], rel=1e-5)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_the_losses_are_the_formulas_of_their_papers() -> None:
    """Written once more, in plain numbers, for the first pair."""
    chosen, rejected = RECORDED["policy_chosen"][0], RECORDED["policy_rejected"][0]
    kept_chosen, kept_rejected = RECORDED["reference_chosen"][0], RECORDED["reference_rejected"][0]
    many, few = RECORDED["chosen_tokens"][0], RECORDED["rejected_tokens"][0]
    ratio = math.exp(chosen - kept_chosen) / math.exp(rejected - kept_rejected)
    h = (chosen - kept_chosen) / many - (rejected - kept_rejected) / few
    p, q = math.exp(chosen / many), math.exp(rejected / few)
    odds_ratio = (p / (1 - p)) / (q / (1 - q))
    expected = {
        "dpo": -math.log(sigmoid(BETA * math.log(ratio))),
        "ipo": (h - 1 / (2 * BETA)) ** 2,
        "simpo": -math.log(sigmoid(BETA * (chosen / many - rejected / few) - MARGIN)),
        "orpo": -math.log(p) - BETA * math.log(sigmoid(math.log(odds_ratio))),
    }
    for method, value in expected.items():
        assert float(LOSSES[method]()[0]) == pytest.approx(value, rel=1e-5), method


def test_dpo_begins_at_the_logarithm_of_two_where_nothing_prefers_anything() -> None:
    assert dpo(REFERENCE, REFERENCE, BETA).tolist() == pytest.approx([math.log(2)] * 4)


def test_the_odds_of_a_model_that_is_certain_are_finite_and_so_is_their_gradient() -> None:
    certain = torch.zeros(1, requires_grad=True)
    one = torch.ones(1)
    loss = orpo(Sides(certain, -one, one, one), 0.1)
    loss.sum().backward()
    assert torch.isfinite(loss).all() and torch.isfinite(certain.grad).all()
