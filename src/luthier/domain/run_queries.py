"""What a list of runs is asked for: which of them, and in which order."""

from typing import Literal

from luthier.domain.recipes import Method
from luthier.domain.run_states import RunState
from luthier.kit.frozen import Frozen

RunSort = Literal["made", "name", "state", "loss", "speed", "duration"]
HIGHEST_FIRST: frozenset[RunSort] = frozenset({"made", "speed", "duration"})


class RunQuery(Frozen):
    states: frozenset[RunState] | None = None  # None: any
    method: Method | None = None
    base: str = ""  # as the recipe names it
    text: str = ""  # words; each stands in the name, the base or the data
    sweep: str = ""  # the id of one
    sort: RunSort = "made"
    reverse: bool = False

    @property
    def is_descending(self) -> bool:
        """Newest, fastest and longest come first, the others from the lowest; `reverse` turns that round."""
        return (self.sort in HIGHEST_FIRST) is not self.reverse
