"""Models to choose from: what is known of each before it is fetched, and whether this machine could train it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from luthier.domain.errors import Action, Unreachable
from luthier.domain.gguf import GgufFile
from luthier.kit.frozen import Frozen

Place = Literal["here", "file", "hub", "published"]
PLACES: dict[Place, str] = {
    "here": "on this machine",
    "file": "a GGUF file on this machine",
    "hub": "on the hub",
    "published": "to be fetched",
}
ON_THIS_MACHINE: frozenset[Place] = frozenset({"here", "file"})
PlaceFilter = Literal["", "here", "hub"]
Order = Literal["usual", "name", "size", "downloads"]
Verdict = Literal["fits", "four-bits", "too-large", "only-asked", "unknown"]


class QuickFit(Frozen):
    """Whether an adapter could be trained here, from sizes alone; the plan says it exactly, once there are examples."""

    verdict: Verdict
    needed_bytes: int | None = None  # of memory, about
    available_bytes: int = 0
    sentence: str


class HubCard(Frozen):
    """What the hub says of a model without anything being fetched."""

    name: str
    parameters: int | None = None
    architecture: str = ""
    licence: str = "not stated"
    downloads: int = 0  # in the last month
    is_gated: bool = False  # its owner wants to be asked first
    seen_at: datetime | None = None


class ModelCard(Frozen):
    name: str
    place: Place  # published: a well-known one whose sizes come with Luthier; file: not in 16 bits yet
    parameters: int | None
    weight_bytes: int | None  # as it is downloaded
    licence: str
    architecture: str = ""
    downloads: int = 0
    is_gated: bool = False
    seen_at: datetime | None = None  # when the hub said so
    fit: QuickFit
    file: GgufFile | None = None  # that it is asked from, and that its weights come or came from

    @property
    def can_be_trained_on(self) -> bool:
        return self.file is None or self.file.is_trainable


class ModelQuery(Frozen):
    """Empty values filter nothing."""

    text: Annotated[str, Field(max_length=200)] = ""
    place: PlaceFilter = ""
    fits_only: bool = False
    licence: Annotated[str, Field(max_length=60)] = ""
    most_parameters: Annotated[float, Field(ge=0)] = 0  # in thousand millions; 0: any
    ask_hub: bool = False  # else only what is known already
    sort: Order = "usual"


class ModelChoice(Frozen):
    """What a query found."""

    cards: tuple[ModelCard, ...]
    hub_problem: str = ""  # why the hub was asked in vain, as a sentence
    kept_at: datetime | None = None  # the oldest answer of the hub among these, when it was not asked now


class HubUnreachable(Unreachable):
    code = "models.hub_unreachable"
    sentence = "The hub could not be asked: {reason}."
    actions = (
        Action(label="Choose among the models that are here or known", command="luthier models search"),
        Action(label="Check the network connection and try again"),
    )
