"""Plans that stand beside a draft: the examples are counted once, then a change of a setting costs milliseconds."""

from luthier.domain.counting import LivePlan
from luthier.domain.jobs import Progress
from luthier.domain.plans import Plan
from luthier.domain.recipes import Recipe
from luthier.services.background import OnProgress
from luthier.services.counting import ExampleCounting
from luthier.services.models import Models
from luthier.services.plans import Plans


class LivePlans:
    """Each raises what finding the data and the base, and fitting the machine and the budget raise."""

    def __init__(self, plans: Plans, models: Models, counting: ExampleCounting) -> None:
        self._plans = plans
        self._models = models
        self._counting = counting

    def of(self, draft_id: str, recipe: Recipe) -> LivePlan:
        """Without waiting: until the examples are counted, how far that is."""
        base, missing_bytes = self._models.outline(recipe.base)
        counting = self._counting.begun(draft_id, recipe, base)
        if counting.counted is None:
            return LivePlan(plan=None, counting=counting)
        plan = self._plans.of_counted(recipe, base, counting.counted, missing_bytes)
        return LivePlan(plan=plan, counting=counting)

    def wait(self, recipe: Recipe, on_progress: OnProgress | None = None) -> Plan:
        """The plan, once the examples are counted. Raises CountingBroke, too."""
        base, missing_bytes = self._models.outline(recipe.base)
        counted = self._counting.of(recipe, base, on_progress or _say_nothing)
        return self._plans.of_counted(recipe, base, counted, missing_bytes)

    def cancel(self, draft_id: str, recipe: Recipe) -> None:
        """Nothing is counted until somebody wants it again. What has ended stays as it ended."""
        self._counting.cancel(draft_id, recipe, self._models.outline(recipe.base)[0])

    def again(self, draft_id: str, recipe: Recipe) -> None:
        """When counting failed or was called off."""
        self._counting.again(draft_id, recipe, self._models.outline(recipe.base)[0])


def _say_nothing(_: Progress) -> None: ...
