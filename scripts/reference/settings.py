"""docs/reference/settings.md: everything that can be set in a recipe, and in the environment."""

import re

from luthier.domain.adapters import ADAPTER_KINDS
from luthier.domain.recipes import EvaluationSpec, HealthSpec, Recipe, TrainingSettings
from luthier.kit.frozen import Frozen
from luthier.settings import Settings
from scripts.reference.fields import table

HEAD = """\
# Settings

A recipe says what is wanted; whatever it leaves out is decided for the machine and the data at hand, and the plan says
why. On the command line `luthier train --set NAME=VALUE` pins a training setting.
"""


def page() -> str:
    parts = [
        HEAD,
        "## Recipe\n",
        *table(Recipe),
        "\n## Training\n",
        "Under `settings:` in a recipe. None of them has to be given.\n",
        *table(TrainingSettings, defaults=False),
        "\n## Adapter\n",
        "Under `adapter:` in a recipe; `kind` says which of these it is, `lora` when it is left out.\n",
        *[line for kind, settings in ADAPTER_KINDS.items() for line in _kind_section(kind, settings)],
        "\n## Evaluation\n",
        "Under `evaluation:` in a recipe.\n",
        *table(EvaluationSpec),
        "\n## Health\n",
        "Under `health:` in a recipe, which may also be the policy alone: `health: automatic`.\n",
        *table(HealthSpec),
        "\n## Environment\n",
        "Read by every command; options of the command line win over them.\n",
        *[_in_capitals(line) for line in table(Settings, prefix="LUTHIER_")],
    ]
    return "\n".join(parts) + "\n"


def _kind_section(kind: str, settings: type[Frozen]) -> list[str]:
    return [f"\n### {kind}\n", f"{settings.__doc__}\n", *table(settings)]


def _in_capitals(row: str) -> str:
    return re.sub("LUTHIER_[a-z_]+", lambda found: found[0].upper(), row, count=1)
