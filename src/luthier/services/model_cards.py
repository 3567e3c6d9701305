"""Cards of models: what each source knows of one, in the same words, and whether it fits this machine."""

from dataclasses import dataclass

from luthier.connectors.starter import starter_facts
from luthier.domain.gguf import GgufFile
from luthier.domain.machine import Device, Machine
from luthier.domain.model_cards import HubCard, ModelCard, Place, QuickFit
from luthier.domain.models import BaseModel, ModelShape
from luthier.kit.units import show_bytes
from luthier.planning.facts import PublishedShape
from luthier.planning.quick_fit import quick_fit, shape_of_size
from luthier.services.machine import abilities_here
from luthier.services.model_sources import STARTER

_BYTES_PER_WEIGHT = 2  # bases are published in 16 bits


@dataclass(frozen=True)
class Cards:
    machine: Machine
    device: Device | None  # where runs compute by the settings

    def here(self, model: BaseModel) -> ModelCard:
        return self.shaped("here", model.name, model.licence, model.shape)

    def published(self, shape: PublishedShape) -> ModelCard:
        return self.shaped("published", shape.name, shape.licence, shape)

    def starter(self) -> ModelCard:
        """Its sizes are known before it is fetched."""
        facts = starter_facts()
        return self.shaped("published", STARTER, facts.licence, facts.shape)

    def hub(self, said: HubCard) -> ModelCard:
        shape = shape_of_size(said.parameters, said.architecture) if said.parameters else None
        return ModelCard(
            **said.model_dump(),
            place="hub",
            weight_bytes=_BYTES_PER_WEIGHT * said.parameters if said.parameters else None,
            fit=self._fit(shape),
        )

    def gguf(self, file: GgufFile, converted: BaseModel | None) -> ModelCard:
        """`converted` is the base that was made of it."""
        if converted is not None:
            return self.here(converted).model_copy(update={"file": file})
        return ModelCard(
            name=file.name,
            place="file",
            parameters=file.parameters or None,
            weight_bytes=file.size_bytes,
            licence=file.licence,
            architecture=file.shape.architecture if file.shape else "",
            fit=self._fit_of_file(file),
            file=file,
        )

    def shaped(self, place: Place, name: str, licence: str, shape: ModelShape) -> ModelCard:
        return ModelCard(
            name=name,
            place=place,
            parameters=shape.parameters,
            weight_bytes=_BYTES_PER_WEIGHT * shape.parameters,
            licence=licence,
            architecture=shape.architecture,
            fit=self._fit(shape),
        )

    def _fit_of_file(self, file: GgufFile) -> QuickFit:
        if file.damage:
            return QuickFit(verdict="unknown", sentence=f"It cannot be read: {file.damage}.")
        if file.only_asked:
            return QuickFit(verdict="only-asked", sentence=f"It can be asked, not trained on: {file.only_asked}.")
        fit, size = self._fit(file.shape), show_bytes(_BYTES_PER_WEIGHT * file.parameters)
        first = f"First it is turned into 16 bits, which takes {size} of disk."
        return fit.model_copy(update={"sentence": f"{fit.sentence} {first}"})

    def _fit(self, shape: ModelShape | None) -> QuickFit:
        return quick_fit(shape, self.machine, abilities_here(), self.device)
