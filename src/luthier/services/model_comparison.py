"""Compares base models by what is known of each: whole for those here, and for others as much as the hub is asked."""

from collections.abc import Sequence
from pathlib import Path

from luthier.data.tokenizer_files import tokenizer_facts
from luthier.domain.errors import LuthierError, Unreachable
from luthier.domain.model_comparisons import FEWEST, MOST, ComparedModel, ModelComparison, ModelsToCompare
from luthier.domain.models import BaseModel, BaseModelNotFound, ModelShape
from luthier.planning.facts import published_shapes
from luthier.services.model_browser import ModelBrowser
from luthier.services.models import STARTER, Models, starter_shape
from luthier.services.profiles import Profiles


class ModelComparisons:
    def __init__(self, models: Models, browser: ModelBrowser, profiles: Profiles) -> None:
        self._models = models
        self._browser = browser
        self._profiles = profiles

    def of(self, references: Sequence[str], *, ask_hub: bool = False) -> ModelComparison:
        """In the order given. With `ask_hub`, configuration and tokenizer of those that are not here are fetched.

        Raises ModelsToCompare, BaseModelNotFound for what nothing is known of, and what is wrong with one that is here.
        """
        chosen = list(dict.fromkeys(references))
        if not FEWEST <= len(chosen) <= MOST:
            raise ModelsToCompare(count=len(chosen))
        return ModelComparison(models=tuple(self._compared(reference, ask_hub) for reference in chosen))

    def _compared(self, reference: str, ask_hub: bool) -> ComparedModel:
        base, problem = None, ""
        if self._models.is_here(reference):
            base = self._models.get(reference)
        elif ask_hub and not self._models.is_gguf(reference):
            base, problem = self._asked(reference)
        card = self._browser.card(reference, base)
        if card is None:
            raise BaseModelNotFound(name=reference)
        shape = base.shape if base else card.file.shape if card.file else self._known_shape(reference)
        return ComparedModel(
            card=card,
            family=self._family(card.architecture),
            shape=shape,
            tokenizer=tokenizer_facts(Path(base.folder)) if base else None,
            problem=problem,
        )

    def _asked(self, reference: str) -> tuple[BaseModel | None, str]:
        """What the hub says, and why it says nothing."""
        try:
            return self._models.outline(reference)[0], ""
        except LuthierError as error:
            if self._browser.card(reference) is None and not isinstance(error, Unreachable):
                raise
            return None, error.problem.sentence

    def _known_shape(self, reference: str) -> ModelShape | None:
        if reference == STARTER:
            return starter_shape()
        return next((shape for shape in published_shapes() if shape.name == reference), None)

    def _family(self, architecture: str) -> str:
        families = (profile for profile in self._profiles.list() if profile.kind == "family")
        return next((family.name for family in families if architecture in family.architectures), "")
