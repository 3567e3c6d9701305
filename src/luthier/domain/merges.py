"""Merging adapters of one base into a new one: in which way, how much each counts, and what cannot be merged."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from luthier.domain.background import WorkState
from luthier.domain.errors import Action, ModelProblem, NotFound, Problem, WrongUsage
from luthier.domain.jobs import Progress
from luthier.kit.frozen import Frozen

How = Literal["linear", "svd", "ties", "dare"]
HOWS: dict[How, str] = {
    "linear": "the weighted sum of what they change, kept exactly; its rank is the sum of theirs",
    "svd": "the same sum, in the rank you choose",
    "ties": "only the largest changes, and of these the mean of those that agree in sign (Yadav et al. 2023)",
    "dare": "a random part of each change, made up for in size, and then the sum (Yu et al. 2023)",
}
MOST_MERGED = 8


class MergeRequest(Frozen):
    how: How = "linear"
    weights: tuple[Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)], ...] = ()  # empty: all alike
    rank: Annotated[int, Field(ge=1, le=1024)] | None = None  # of the result; by default the largest of theirs
    density: Annotated[float, Field(gt=0, le=1)] = 0.5  # share of the changes that ties and dare keep
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0  # of dare's choice
    name: str | None = None  # of the version to be; by default that of the first one

    def weights_of(self, count: int) -> tuple[float, ...]:
        """Alike, they come to 1 together; ties takes a mean by itself, so there each counts once.

        Raises MergeRefused when there are some, and not one for each.
        """
        if self.weights and len(self.weights) != count:
            raise MergeRefused(reason=f"there are {len(self.weights)} weights for {count} versions")
        return self.weights or (1.0 if self.how == "ties" else 1 / count,) * count


class MergeSource(Frozen):
    label: str
    folder: str  # absolute; of the adapter


class MergeJob(Frozen):
    """job.json: what the process that merges is told."""

    request: MergeRequest
    sources: tuple[MergeSource, ...]


class Joined(Frozen):
    """What it reports."""

    rank: int | None  # of an adapter
    modules: int
    kept_share: float  # of the size of the change, that the rank has room for
    notes: tuple[str, ...] = ()


class Merge(Frozen):
    merge_id: str
    request: MergeRequest
    sources: tuple[str, ...]  # labels
    source_ids: tuple[str, ...]
    state: WorkState
    begun_at: datetime
    progress: Progress | None = None
    problem: Problem | None = None
    version_id: str = ""  # that it became
    version: str = ""


def how_named(name: str) -> How:
    """Raises MergeRefused."""
    if name not in get_args(How):
        raise MergeRefused(reason=f"there is no way called {name}; there are {', '.join(HOWS)}")
    how: How = name  # type: ignore[assignment]
    return how


class MergeRefused(WrongUsage):
    code = "merges.refused"
    sentence = "These versions cannot be merged so: {reason}."
    actions = (
        Action(label="See what each is made of", command="luthier versions list"),
        Action(label="Read which go together in docs/guide/merging.md"),
    )


class AdaptersDoNotFit(ModelProblem):
    code = "merges.do_not_fit"
    sentence = "{version} cannot be merged with the others: {reason}."
    actions = (
        Action(label="Choose adapters of the same base that are plain LoRA or rsLoRA", command="luthier versions list"),
    )


class MergeNotFound(NotFound):
    code = "merges.not_found"
    sentence = "No merge is called {name}."
    actions = (Action(label="Merge versions", command="luthier exports merge VERSION VERSION"),)
