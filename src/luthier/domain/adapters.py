"""What of the base model is trained: small adapters of several kinds on a frozen base, or every weight."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

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
    init: Literal["zero", "pissa", "olora", "eva", "loftq"] = "zero"  # B at zero; eva: A from data; or both from W
    b_rate_ratio: Annotated[float, Field(ge=1, le=256)] = 1.0  # LoRA+: learning rate of B over that of A

    @property
    def begins_at_weights(self) -> bool:
        return self.init in ("pissa", "olora")

    @property
    def keeps_its_start(self) -> bool:
        """Beside what is trained, because the saved adapter holds the difference."""
        return self.begins_at_weights or self.init == "loftq"

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


class AdaLoraSettings(Frozen):
    """Ranks that move to the layers that need them (Zhang et al. 2023, arXiv 2303.10512): W + s B diag(E) A."""

    kind: Literal["adalora"]  # LoRA whose ranks are given out while it trains
    rank: Annotated[int, Field(ge=1, le=1024)] = 16  # of a layer at the end, on average
    first_rank: Annotated[int, Field(ge=1, le=2048)] = 24  # of every layer at the beginning; at least `rank`
    alpha: Annotated[float, Field(gt=0, le=4096)] = 48  # the output is scaled by alpha / first_rank
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of the adapter's inputs left out in each step
    targets: Targets = "all-linear"  # the linear layers that get an adapter, by name
    orthogonality: Annotated[float, Field(ge=0, le=10)] = 0.1  # how strongly A and B are drawn to right angles
    smoothing: Annotated[float, Field(gt=0, lt=1)] = 0.85  # memory of how important each value was
    spread_share: Annotated[float, Field(ge=0, le=0.5)] = 0.1  # of all steps, at the beginning, with all ranks
    settled_share: Annotated[float, Field(ge=0, le=0.5)] = 0.3  # of all steps, at the end, with the final ranks

    @model_validator(mode="after")
    def _ranks_fall(self) -> Self:
        if "first_rank" in self.model_fields_set and self.first_rank < self.rank:  # else a plan raises it
            raise ValueError(f"first_rank is {self.first_rank}, below the rank of {self.rank} that it falls to")
        return self

    @property
    def summary(self) -> str:
        return f"AdaLoRA of rank {self.rank} on average, from {self.first_rank}"


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
    "adalora": AdaLoraSettings,
    "vera": VeraSettings,
    "ia3": Ia3Settings,
    "full": FullSettings,
}
FUSED_KINDS = frozenset({"lora", "dora", "full"})  # those for which the engine has functions of its own

AdapterSettings = Annotated[
    Annotated[LoraSettings, Tag("lora")]
    | Annotated[DoraSettings, Tag("dora")]
    | Annotated[AdaLoraSettings, Tag("adalora")]
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


class FourBitsWanted(WrongUsage):
    code = "recipes.four_bits_wanted"
    sentence = "LoftQ begins at what four bits leave out of the weights, and a base in {precision} leaves nothing out."
    actions = (
        Action(
            label="Keep the base in four bits",
            command="luthier train --data FILE --set adapter.init=loftq --set precision=nf4",
        ),
        Action(label="Or begin at zero", command="luthier train --data FILE --set adapter.init=zero"),
    )


class KernelsUnknown(WrongUsage):
    code = "recipes.kernels_unknown"
    sentence = "The fused kernels cannot compute {what}."
    actions = (Action(label="Use the reference ones", command="luthier train --data FILE --set kernels=reference"),)
