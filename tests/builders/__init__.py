"""Valid values of every noun; a test names only what it is about."""

from tests.builders.datasets import a_dataset
from tests.builders.machines import a_gpu, a_machine, some_rates
from tests.builders.moments import a_moment
from tests.builders.plans import a_plan, an_estimate, data_facts, training_settings
from tests.builders.recipes import a_recipe
from tests.builders.runs import a_checkpoint, a_run, an_attempt
from tests.builders.shapes import a_model_shape, an_8b_shape
from tests.builders.versions import a_version

__all__ = [
    "a_checkpoint",
    "a_dataset",
    "a_gpu",
    "a_machine",
    "a_model_shape",
    "a_moment",
    "a_plan",
    "a_recipe",
    "a_run",
    "a_version",
    "an_8b_shape",
    "an_attempt",
    "an_estimate",
    "data_facts",
    "some_rates",
    "training_settings",
]
