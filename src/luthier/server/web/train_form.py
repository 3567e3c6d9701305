"""The form of a new run: what it may hold, and the recipe that it asks for."""

from typing import Any, Literal

from luthier.domain.recipes import Recipe
from luthier.kit.frozen import Frozen
from luthier.services.models import STARTER
from luthier.services.recipes import make_recipe
from luthier.services.sample_task import sample_recipe

Source = Literal["sample", "dataset", "file"]


class Setting(Frozen):
    """A field of the form that pins one value of the recipe; left empty, the planner decides."""

    name: str  # of the form's field
    recipe_name: str  # dotted
    label: str
    help: str
    unit: str = ""


SETTINGS = (
    Setting(name="epochs", recipe_name="settings.epochs", label="Epochs", help="How often each example is seen."),
    Setting(
        name="learning_rate",
        recipe_name="settings.learning_rate",
        label="Learning rate",
        help="How far one step goes. Too high and the loss jumps; too low and little is learned.",
    ),
    Setting(
        name="batch_size",
        recipe_name="settings.batch_size",
        label="Batch size",
        help="Examples that one step learns from.",
        unit="examples",
    ),
    Setting(
        name="max_length",
        recipe_name="settings.max_length",
        label="Longest example",
        help="What is longer is left out.",
        unit="tokens",
    ),
    Setting(
        name="max_steps",
        recipe_name="settings.max_steps",
        label="Most steps",
        help="Ends earlier than the epochs would.",
    ),
    Setting(name="rank", recipe_name="adapter.rank", label="Adapter rank", help="How much the adapter can hold."),
    Setting(
        name="most_hours",
        recipe_name="budget.hours",
        label="Budget: time",
        help="Training is planned to end within it.",
        unit="hours",
    ),
    Setting(
        name="most_bytes",
        recipe_name="budget.size",
        label="Budget: size",
        help="Of the exported model, e.g. 500MB.",
    ),
)


class TrainForm(Frozen):
    """What the form sends; every field is text, because an empty one means that the planner decides."""

    source: Source = "sample"
    dataset: str = ""
    path: str = ""
    base: str = STARTER
    method: str = "sft"
    adapter: str = "lora"
    held_out: str = ""
    name: str = ""
    skip_bad_rows: bool = False
    epochs: str = ""
    learning_rate: str = ""
    batch_size: str = ""
    max_length: str = ""
    max_steps: str = ""
    rank: str = ""
    most_hours: str = ""
    most_bytes: str = ""
    profile: str = ""
    health: str = "ask"


def data_of(form: TrainForm) -> str:
    match form.source:
        case "sample":
            return sample_recipe().data
        case "dataset":
            return form.dataset
        case "file":
            return form.path.strip()


def recipe_of(form: TrainForm) -> Recipe:
    """Raises RecipeInvalid, which names the setting."""
    base = form.base.strip() or STARTER
    values: dict[str, Any] = {"data": data_of(form), "base": base, "skip_bad_rows": form.skip_bad_rows}
    if form.source == "sample":
        values = sample_recipe(base=base).model_dump(exclude_defaults=True)
    elif form.source == "file" and form.held_out.strip():
        values["held_out"] = form.held_out.strip()
    values["method"] = form.method
    if form.profile:
        values["profiles"] = (form.profile,)
    values["adapter.kind"] = form.adapter
    values["health"] = form.health
    if form.name.strip():
        values["name"] = form.name.strip()
    pins = {setting.recipe_name: getattr(form, setting.name).strip() for setting in SETTINGS}
    return make_recipe(values | {name: text for name, text in pins.items() if text})
