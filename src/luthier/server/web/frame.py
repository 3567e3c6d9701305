"""What surrounds every page: the rail, the top bar, and the moment the page was made."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from luthier import __version__
from luthier.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the rail. `icon` names a symbol of components/icons.html."""

    label: str
    path: str
    icon: str
    also: tuple[str, ...] = ()  # paths of pages that belong to it

    def holds(self, path: str) -> bool:
        return any(path == own or (own != "/" and path.startswith(f"{own}/")) for own in (self.path, *self.also))


PLACES = (
    Place("Home", "/", "home"),
    Place("Train", "/train", "train"),
    Place("Runs", "/runs", "runs"),
    Place("Datasets", "/datasets", "datasets", also=("/scenarios",)),
    Place("Versions", "/versions", "versions", also=("/exports",)),
    Place("Playground", "/playground", "chat"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Holds nothing that must be looked up, so that an error page can always be drawn."""

    path: str
    workspace: str
    workspace_folder: str
    version: str
    now: datetime
    places: tuple[Place, ...] = PLACES


def workspace_of(request: Request) -> Workspace:
    workspace = request.app.state.workspace
    assert isinstance(workspace, Workspace)
    return workspace


def frame_of(request: Request) -> Frame:
    workspace = workspace_of(request)
    folder = workspace.settings.workspace_folder
    return Frame(
        path=request.url.path,
        workspace=folder.name.lstrip(".") or str(folder),
        workspace_folder=str(folder),
        version=__version__,
        now=workspace.clock.now(),
    )
