"""What a plan has to know of examples: which are on which side, and what they are under a base's tokenizer."""

from collections.abc import Sequence
from pathlib import Path

from luthier.data.measure import measure
from luthier.data.method_needs import learnt_by
from luthier.data.render import Renderer
from luthier.data.splits import Split, shared_questions
from luthier.domain.counting import Counted
from luthier.domain.datasets import Example
from luthier.domain.findings import Finding, Level, Place
from luthier.domain.recipes import Recipe
from luthier.services.rewards import check_compared
from luthier.services.sides import Sides, automatic_sides


def sides_of(recipe: Recipe, examples: Sequence[Example], held_out: Sequence[Example] | None) -> Sides:
    """What is trained on, and what it is measured with: `held_out`, or a share of the examples when that is None.

    Raises what a method or a reward needs of examples and does not find.
    """
    learnt = learnt_by(recipe.method, recipe.data, examples)
    check_compared(recipe.rewards, recipe.data, learnt)
    if held_out is None:
        return automatic_sides(learnt, recipe.evaluation.held_out_share)
    measured_with = learnt_by(recipe.method, recipe.held_out or "", held_out)
    check_compared(recipe.rewards, recipe.held_out or "", measured_with)
    return Sides(Split(train=learnt, held_out=measured_with))


def counted(recipe: Recipe, base_folder: Path, sides: Sides) -> Counted:
    """Raises what is wrong with the tokenizer and the chat template in `base_folder`."""
    facts = measure(Renderer(base_folder), sides.split.train, sides.split.held_out, recipe.method)
    return Counted(facts=facts, findings=(*sides.findings, *_leaks(recipe, sides.split)))


def _leaks(recipe: Recipe, sides: Split) -> list[Finding]:
    """A question that was trained on measures memory, not skill."""
    rows = shared_questions(sides.train, sides.held_out)
    if not rows:
        return []
    return [
        Finding(
            code="plan.held_out_leaks",
            level=Level.WARNING,
            sentence=f"{len(rows)} of the {len(sides.held_out)} held-out questions are also trained on.",
            place=Place(file=recipe.held_out, row=rows[0]),
            suggestion="Take them out of one of the two files, or the proof will look better than the model is.",
        )
    ]
