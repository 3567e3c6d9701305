"""Base models that go: what needs one, what the disk gets back, and its removal together with the fetched copy.

All workspaces of a user share what was fetched: a model here is a second name of those bytes. The copy goes with the
model unless another workspace has a name of it too.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from luthier.domain.model_use import (
    DraftOnModel,
    ModelInUse,
    ModelNotOurs,
    ModelPartLeft,
    ModelRemoved,
    ModelUse,
    ModelUser,
)
from luthier.domain.models import BaseModelNotFound
from luthier.domain.run_states import RunState
from luthier.kit.clock import Clock
from luthier.kit.files import folder_bytes
from luthier.kit.hard_links import freed_bytes, has_names_outside
from luthier.services.drafts import Drafts
from luthier.services.models import STARTER, Models
from luthier.store import Store, Transaction


class ModelRemoval:
    def __init__(self, store: Store, models: Models, drafts: Drafts, clock: Clock) -> None:
        self._store = store
        self._models = models
        self._drafts = drafts
        self._clock = clock

    def use(self, reference: str) -> ModelUse:
        """Raises BaseModelNotFound and ModelNotOurs. A damaged model is looked at like any other."""
        with self._store.reading() as tx:
            return self._use(tx, reference)

    def remove(self, reference: str) -> ModelRemoved:
        """For good; it can be fetched again. One that is left half is damaged, and can be removed again.

        Raises ModelInUse, ModelsBeingFetched, ModelPartLeft, and what `use` raises.
        """
        with self._models.while_nobody_fetches(reference):
            with self._store.writing() as tx:
                use = self._use(tx, reference)
                if not use.may_go:
                    raise ModelInUse(name=reference, users=use.users_sentence)
                going = [*self._unshared(reference), self._models.place(reference)]  # what is asked for stays findable
                body = {"kind": "model", "item": reference, "bytes": use.freed_bytes}
                tx.events.append("disk.cleaned", None, "user", body, self._clock.now())
            for place in going:
                _remove(reference, place)
        return ModelRemoved(name=reference, freed_bytes=use.freed_bytes, is_shared=use.is_shared)

    def _use(self, tx: Transaction, reference: str) -> ModelUse:
        if not self._models.is_kept(reference):
            if self._models.is_here(reference):
                raise ModelNotOurs(folder=reference)
            raise BaseModelNotFound(name=reference)
        place, going = self._models.place(reference), self._unshared(reference)
        return ModelUse(
            name=reference,
            bytes=folder_bytes(place),
            freed_bytes=freed_bytes([place, *going]),
            is_shared=len(going) < len(self._models.copies(reference)),
            users=tuple(users_of(tx, place)),
            drafts=tuple(self._drafts_on(reference)),
        )

    def _unshared(self, reference: str) -> list[Path]:
        """The fetched copies that no other workspace has a name of."""
        place, copies = self._models.place(reference), self._models.copies(reference)
        others = {copy: [place, *(each for each in copies if each != copy)] for copy in copies}
        return [copy for copy in copies if not has_names_outside(copy, others[copy])]

    def _drafts_on(self, reference: str) -> Iterator[DraftOnModel]:
        for draft in self._drafts.list():
            if draft.values.get("base", STARTER) == reference:
                name = str(draft.values.get("name") or draft.values.get("data") or "without a name")
                yield DraftOnModel(draft_id=draft.draft_id, name=name, address=f"/train/{draft.draft_id}/{draft.step}")


def users_of(tx: Transaction, folder: Path) -> Iterator[ModelUser]:
    """Runs that are neither completed nor given up, and versions, which are nothing without their base."""
    base = str(folder)
    for run in tx.runs.all():
        if run.base_folder == base and run.state not in (RunState.COMPLETED, RunState.CANCELLED):
            yield ModelUser(kind="run", label=run.name, address=f"/runs/{run.run_id}")
    for version in tx.versions.list():
        if version.base_folder == base:
            yield ModelUser(kind="version", label=version.label, address=f"/versions/{version.version_id}")


def _remove(reference: str, place: Path) -> None:
    try:
        shutil.rmtree(place)
    except OSError as error:
        raise ModelPartLeft(name=reference, folder=place, reason=error.strerror or error) from error
