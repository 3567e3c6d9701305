"""Writes trl_losses.json: what TRL 1.16 computes for given log probabilities. Run by hand where TRL is installed."""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
from trl import DPOTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

TOKENS = 6
CHOSEN_TOKENS, REJECTED_TOKENS = [3, 5, 2, 4], [4, 2, 5, 3]
BETA, GAMMA = 0.3, 0.7


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
        "accelerator": SimpleNamespace(
            device="cpu", gather_for_metrics=lambda value: value, gather=lambda value: value
        ),
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
    document = {
        "beta": BETA,
        "margin": GAMMA,
        "chosen_tokens": CHOSEN_TOKENS,
        "rejected_tokens": REJECTED_TOKENS,
        **{f"{name}_chosen": value[:4].tolist() for name, value in sums.items()},
        **{f"{name}_rejected": value[4:].tolist() for name, value in sums.items()},
        "losses": {
            "dpo": of_dpo("sigmoid"),
            "ipo": of_dpo("ipo"),
            "simpo": of_simpo(means[:4], means[4:]),
            "orpo": of_orpo(means[:4], means[4:]),
        },
    }
    path = Path(__file__).with_name("trl_losses.json")
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
