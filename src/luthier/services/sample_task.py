"""The sample task: workshop orders in free text, each to become one strict JSON object."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from luthier.domain.recipes import Recipe
from luthier.services.recipes import make_recipe

NAME = "workshop-orders"
_TRAINING: dict[str, Any] = {
    "settings.learning_rate": 1e-3,
    "settings.epochs": 2,  # after 1.5 a Q8_0 file had 56 of the 60 held-out orders right, its adapter 59; now 57 and 57
}
_QUICK: dict[str, Any] = {  # less training and a coarser proof: just as honest, only less sharp
    "settings.epochs": 0.6,
    "settings.batch_size": 4,  # so few tokens teach more in more and smaller steps
    "evaluation.examples": 15,
}


def sample_recipe(*, base: str = "starter", quick: bool = False) -> Recipe:
    """Tunes `base` on the packaged examples; `quick` takes fewer steps and measures on fewer held-out examples."""
    orders = Path(str(files("luthier.data") / "samples" / "workshop_orders"))
    values: dict[str, Any] = {
        "name": NAME,
        "base": base,
        "data": str(orders / "train.jsonl"),
        "held_out": str(orders / "held_out.jsonl"),
        "evaluation.scorer": "json",
    }
    return make_recipe(values | _TRAINING | (_QUICK if quick else {}))
