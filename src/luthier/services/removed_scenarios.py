"""Scenarios that were removed from the workspace's own: set aside, and put back whenever somebody wants them."""

from pathlib import Path

from luthier.data.scenarios.files import ENDINGS
from luthier.domain.scenario_views import ScenarioText
from luthier.domain.scenarios import ScenarioNotRemoved
from luthier.services.own_scenarios import OwnScenarios

_ASIDE = ".removed"  # among the scenarios, so that a backup has it; hidden, so that no index does


class RemovedScenarios:
    def __init__(self, own: OwnScenarios) -> None:
        self._own = own

    def names(self) -> list[str]:
        """By which they can be put back."""
        folder = self._own.folder / _ASIDE
        files = folder.rglob("*") if folder.is_dir() else ()
        return sorted(
            file.relative_to(folder).as_posix() for file in files if file.suffix.lower() in ENDINGS and file.is_file()
        )

    def remove(self, name: str) -> str:
        """The name by which it can be put back. Raises ScenarioPathMissing and ScenarioNotOwn."""
        place = self._own.place_of(name)
        kept = Path(_ASIDE, self._own.name_of(place))
        aside = self._own.free(str(kept.with_suffix("")), lambda _: True, kept.suffix)
        self._own.move(place, aside)
        return aside.relative_to(self._own.folder / _ASIDE).as_posix()

    def put_back(self, name: str) -> ScenarioText:
        """Under another name when a new one has taken its own. Raises ScenarioNotRemoved."""
        if name not in self.names():
            raise ScenarioNotRemoved(name=name)
        kept = Path(name)
        place = self._own.free(str(kept.with_suffix("")), lambda _: True, kept.suffix)
        self._own.move(self._own.folder / _ASIDE / name, place)
        return self._own.open(str(place))
