"""Writes trl_losses.json: what TRL 1.16 computes for given log probabilities. Run by hand where TRL is installed."""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
from trl import DPOTrainer, GRPOTrainer, KTOTrainer, RewardTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

TOKENS = 6
CHOSEN_TOKENS, REJECTED_TOKENS = [3, 5, 2, 4], [4, 2, 5, 3]
BETA, GAMMA = 0.3, 0.7
GOOD_WEIGHT, BAD_WEIGHT = 1.5, 0.5
GROUPS, KL_WEIGHT = [[0.0, 1.0, 0.5, 0.0], [2.0, -1.0, 0.25, 0.25]], 0.04
REWARDS = [0.3, -1.2, 2.0, 0.1], [0.5, -2.0, 0.4, 0.1]
ACCELERATOR = SimpleNamespace(
    device="cpu",
    gather_for_metrics=lambda value: value,
    gather=lambda value: value,
    reduce=lambda value, reduction: value,
)


def token_log_probs(seed: int) -> torch.Tensor:
    """[8 answers, tokens]; zero outside of the answer, chosen ones first."""
    values = -torch.rand(8, TOKENS - 1, generator=torch.Generator().manual_seed(seed)) * 3
    return values * mask()[:, 1:]


def mask() -> torch.Tensor:
    counts = torch.tensor(CHOSEN_TOKENS + REJECTED_TOKENS).unsqueeze(1)
    return (torch.arange(TOKENS) >= TOKENS - counts).long()


def of_dpo(kind: str) -> float:
    """Through the trainer's own loss, with models that answer what is written down here."""
    trainer = object.__new__(DPOTrainer)
    known = {
        "model": SimpleNamespace(training=True),
        "accelerator": ACCELERATOR,
        "args": SimpleNamespace(gradient_checkpointing_kwargs=None, use_liger_kernel=False),
        "ref_model": lambda **_: answer(2),
        "loss_types": [kind],
        "loss_weights": [1.0],
        "beta": BETA,
        "label_smoothing": 0.0,
        "f_divergence_type": "reverse_kl",
        "aux_loss_enabled": False,
        "ld_alpha": None,
        "precompute_ref_logps": True,
        "use_weighting": False,
        "_metrics": {"train": defaultdict(list)},
        "_total_train_tokens": 0,
        "_tp_size": 1,
    }
    for name, value in known.items():
        object.__setattr__(trainer, name, value)
    reference = token_log_probs(2).sum(1)
    inputs = {
        "input_ids": torch.zeros(8, TOKENS, dtype=torch.long),
        "attention_mask": torch.ones(8, TOKENS, dtype=torch.long),
        "completion_mask": mask(),
        "ref_chosen_logps": reference[:4],
        "ref_rejected_logps": reference[4:],
    }
    return float(trainer._compute_loss(lambda **_: answer(1), inputs, return_outputs=False))


def of_kto() -> float:
    """The chosen answers are judged good and the rejected ones bad; strangers have seeds of their own."""
    trainer = object.__new__(KTOTrainer)
    known = {
        "model": SimpleNamespace(training=True),
        "accelerator": ACCELERATOR,
        "calculate_KL": True,
        "precompute_ref_logps": True,
        "aux_loss_enabled": False,
        "loss_type": "kto",
        "beta": BETA,
        "desirable_weight": GOOD_WEIGHT,
        "undesirable_weight": BAD_WEIGHT,
        "_metrics": {"train": defaultdict(list)},
        "_total_train_tokens": 0,
        "_tp_size": 1,
    }
    for name, value in known.items():
        object.__setattr__(trainer, name, value)
    ids, ones = torch.zeros(8, TOKENS, dtype=torch.long), torch.ones(8, TOKENS, dtype=torch.long)
    inputs = {
        "input_ids": ids,
        "attention_mask": ones,
        "completion_mask": mask(),
        "KL_input_ids": ids + 1,
        "KL_attention_mask": ones,
        "KL_completion_mask": mask(),
        "label": torch.tensor([True] * 4 + [False] * 4),
        "ref_logps": token_log_probs(2).sum(1),
        "ref_KL_logps": token_log_probs(4).sum(1),
    }
    return float(trainer._compute_loss(lambda input_ids, **_: answer(3 if input_ids.any() else 1), inputs, False))


def of_grpo() -> tuple[float, list[list[float]]]:
    """Two groups of four answers, and the gradient of each token, which the loss alone says little about.

    The advantages are those that TRL computes of these rewards before the loss.
    """
    trainer = object.__new__(GRPOTrainer)
    rewards = torch.tensor(GROUPS)
    deviations = rewards.std(dim=1, keepdim=True)
    advantages = ((rewards - rewards.mean(dim=1, keepdim=True)) / (deviations + 1e-4)).flatten()
    policy = token_log_probs(1).requires_grad_()
    known = {
        "model": SimpleNamespace(training=True),
        "accelerator": ACCELERATOR,
        "args": SimpleNamespace(delta=None, use_bias_correction_kl=False),
        "beta": KL_WEIGHT,
        "loss_type": "grpo",
        "importance_sampling_level": "token",
        "epsilon_low": 0.2,
        "epsilon_high": 0.2,
        "top_entropy_quantile": 1.0,
        "off_policy_mask_threshold": None,
        "use_vllm": False,
        "use_liger_kernel": False,
        "aux_loss_enabled": False,
        "num_iterations": 1,
        "current_gradient_accumulation_steps": 1,
        "_entropy_bonus_enabled": False,
        "_metrics": {"train": defaultdict(list)},
        "_get_per_token_logps_and_entropies": lambda *_, **__: (policy, torch.zeros(8, TOKENS - 1), None),
    }
    for name, value in known.items():
        object.__setattr__(trainer, name, value)
    inputs = {
        "prompt_ids": torch.zeros(8, 1, dtype=torch.long),
        "prompt_mask": torch.ones(8, 1, dtype=torch.long),
        "completion_ids": torch.zeros(8, TOKENS - 1, dtype=torch.long),
        "completion_mask": mask()[:, 1:],
        "advantages": advantages,
        "ref_per_token_logps": token_log_probs(2),
    }
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    return float(loss.detach()), (policy.grad * mask()[:, 1:]).tolist()


def of_reward() -> float:
    """Chosen ones first, as TRL's collator lays them."""
    trainer = object.__new__(RewardTrainer)
    scores = torch.tensor([*REWARDS[0], *REWARDS[1]]).unsqueeze(1)
    known = {
        "model": SimpleNamespace(training=True),
        "accelerator": ACCELERATOR,
        "aux_loss_enabled": False,
        "args": SimpleNamespace(center_rewards_coefficient=None),
        "_metrics": {"train": defaultdict(list)},
        "_total_train_tokens": 0,
        "_tp_size": 1,
    }
    for name, value in known.items():
        object.__setattr__(trainer, name, value)
    inputs = {"input_ids": torch.zeros(8, TOKENS, dtype=torch.long), "attention_mask": mask()}
    return float(trainer.compute_loss(lambda **_: SimpleNamespace(logits=scores), inputs))


def answer(seed: int) -> SimpleNamespace:
    unused = torch.zeros(8, TOKENS - 1)
    return SimpleNamespace(log_probs=token_log_probs(seed), entropy=unused, mean_logits=unused, is_top1=unused.bool())


def of_orpo(chosen: torch.Tensor, rejected: torch.Tensor) -> float:
    trainer = SimpleNamespace(beta=BETA, accelerator=SimpleNamespace(device="cpu"))
    losses = ORPOTrainer.odds_ratio_loss(trainer, chosen, rejected)[0]
    return float((-chosen - losses).mean())


def of_simpo(chosen: torch.Tensor, rejected: torch.Tensor) -> float:
    trainer = SimpleNamespace(
        beta=BETA,
        simpo_gamma=GAMMA,
        loss_type="simpo",
        label_smoothing=0.0,
        alpha=0.0,
        accelerator=SimpleNamespace(device="cpu"),
    )
    return float(CPOTrainer.cpo_loss(trainer, chosen, rejected)[0].mean())


def main() -> None:
    sums = {"policy": token_log_probs(1).sum(1), "reference": token_log_probs(2).sum(1)}
    tokens = torch.tensor(CHOSEN_TOKENS + REJECTED_TOKENS)
    means = sums["policy"] / tokens
    grpo_loss, grpo_gradient = of_grpo()
    document = {
        "beta": BETA,
        "margin": GAMMA,
        "chosen_tokens": CHOSEN_TOKENS,
        "rejected_tokens": REJECTED_TOKENS,
        "strangers_policy": token_log_probs(3).sum(1).tolist(),
        "strangers_reference": token_log_probs(4).sum(1).tolist(),
        "good_weight": GOOD_WEIGHT,
        "bad_weight": BAD_WEIGHT,
        "chosen_rewards": REWARDS[0],
        "rejected_rewards": REWARDS[1],
        **{f"{name}_chosen": value[:4].tolist() for name, value in sums.items()},
        **{f"{name}_rejected": value[4:].tolist() for name, value in sums.items()},
        "groups": GROUPS,
        "kl_weight": KL_WEIGHT,
        "policy_tokens": token_log_probs(1).tolist(),
        "reference_tokens": token_log_probs(2).tolist(),
        "answer_mask": mask()[:, 1:].tolist(),
        "grpo_gradient": grpo_gradient,
        "losses": {
            "dpo": of_dpo("sigmoid"),
            "ipo": of_dpo("ipo"),
            "simpo": of_simpo(means[:4], means[4:]),
            "orpo": of_orpo(means[:4], means[4:]),
            "kto": of_kto(),
            "grpo": grpo_loss,
            "reward": of_reward(),
        },
    }
    path = Path(__file__).with_name("trl_losses.json")
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
