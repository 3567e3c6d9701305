"""What of the base model is trained: small adapters of several kinds on a frozen base, or every weight."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from luthier.domain.errors import Action, WrongUsage
from luthier.kit.frozen import Frozen

Targets = Literal["all-linear"] | tuple[str, ...]


class LoraSettings(Frozen):
    """Low-rank adapters (Hu et al. 2021, arXiv 2106.09685): W + s B A on each target, where s follows from alpha."""

    kind: Literal["lora"] = "lora"  # a low-rank adapter beside each target
    rank: Annotated[int, Field(ge=1, le=1024)] = 16  # columns of A and B: how much the adapter can learn
    alpha: Annotated[float, Field(gt=0, le=4096)] = 32  # how strongly the adapter's output counts; see scaling
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of the adapter's inputs left out in each step
    targets: Targets = "all-linear"  # the linear layers that get an adapter, by name
    scaling: Literal["standard", "rslora"] = "standard"  # output times alpha / rank, or (rslora) alpha / sqrt(rank)
    init: Literal["zero", "pissa", "olora"] = "zero"  # B starts at zero, or A and B at the main part of the weight
    b_rate_ratio: Annotated[float, Field(ge=1, le=256)] = 1.0  # LoRA+: learning rate of B over that of A

    @property
    def summary(self) -> str:
        traits: list[str] = [self.scaling] if self.scaling != "standard" else []
        traits += [self.init] if self.init != "zero" else []
        traits += [f"B {self.b_rate_ratio:g} times as fast"] if self.b_rate_ratio != 1 else []
        return ", ".join([f"LoRA of rank {self.rank}, alpha {self.alpha:g}", *traits])


class DoraSettings(Frozen):
    """Weight-decomposed adapters (Liu et al. 2024, arXiv 2402.09353): the length of each row of W is learnt apart."""

    kind: Literal["dora"]  # LoRA, and the length of every row of the weight
    rank: Annotated[int, Field(ge=1, le=1024)] = 16  # columns of A and B
    alpha: Annotated[float, Field(gt=0, le=4096)] = 32  # the low-rank part is scaled by alpha / rank
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of the adapter's inputs left out in each step
    targets: Targets = "all-linear"  # the linear layers that get an adapter, by name

    @property
    def summary(self) -> str:
        return f"DoRA of rank {self.rank}, alpha {self.alpha:g}"


class VeraSettings(Frozen):
    """Vector-based adapters (Kopiczko et al. 2023, arXiv 2310.11454): A and B random and shared, two vectors learnt."""

    kind: Literal["vera"]  # two vectors for each target around one random pair of matrices
    rank: Annotated[int, Field(ge=1, le=4096)] = 256  # of the random matrices
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of the adapter's inputs left out in each step
    targets: Targets = "all-linear"  # the linear layers that get an adapter, by name

    @property
    def summary(self) -> str:
        return f"VeRA of rank {self.rank}"


class Ia3Settings(Frozen):
    """Learnt scales (Liu et al. 2022, arXiv 2205.05638) for keys, values and the inner features of each layer."""

    kind: Literal["ia3"]  # one factor for each feature of the targets

    @property
    def summary(self) -> str:
        return "IA3 on keys, values and inner features"


class FullSettings(Frozen):
    """Full fine-tuning: no adapter, every weight of the base model is trained and the result is a whole model."""

    kind: Literal["full"]  # every weight

    @property
    def summary(self) -> str:
        return "full fine-tuning"


def _kind_of(value: Any) -> Any:
    """Recipes may leave the kind out; the oldest kind is meant."""
    return value.get("kind", "lora") if isinstance(value, dict) else getattr(value, "kind", None)


ADAPTER_KINDS: dict[str, type[Frozen]] = {
    "lora": LoraSettings,
    "dora": DoraSettings,
    "vera": VeraSettings,
    "ia3": Ia3Settings,
    "full": FullSettings,
}
FUSED_KINDS = frozenset({"lora", "dora", "full"})  # those for which the engine has functions of its own

AdapterSettings = Annotated[
    Annotated[LoraSettings, Tag("lora")]
    | Annotated[DoraSettings, Tag("dora")]
    | Annotated[VeraSettings, Tag("vera")]
    | Annotated[Ia3Settings, Tag("ia3")]
    | Annotated[FullSettings, Tag("full")],
    Discriminator(
        _kind_of,
        custom_error_type="adapter_kind",
        custom_error_message=f"The kind of adapter is one of {', '.join(ADAPTER_KINDS)}",
    ),
]


class AdapterTargetsUnknown(WrongUsage):
    code = "recipes.adapter_targets_unknown"
    sentence = "The adapter cannot be put on {targets}: {reason}."
    actions = (Action(label="Put it on every linear layer: set adapter.targets to all-linear"),)


class QuantisedBaseFrozen(WrongUsage):
    code = "recipes.quantised_base_frozen"
    sentence = "The weights of a base in {precision} cannot be trained themselves."
    actions = (
        Action(label="Train an adapter on them", command="luthier train --data FILE --adapter lora"),
        Action(label="Or train every weight in bf16", command="luthier train --data FILE --set precision=bf16"),
    )


class KernelsUnknown(WrongUsage):
    code = "recipes.kernels_unknown"
    sentence = "The fused kernels cannot compute {what}."
    actions = (Action(label="Use the reference ones", command="luthier train --data FILE --set kernels=reference"),)
