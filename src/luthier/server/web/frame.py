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
    key: str = ""  # that leads there after a g
    also: tuple[str, ...] = ()  # paths of pages that belong to it

    def holds(self, path: str) -> bool:
        return any(path == own or (own != "/" and path.startswith(f"{own}/")) for own in (self.path, *self.also))


PLACES = (
    Place("Home", "/", "home", "h"),
    Place("Train", "/train", "train", "t", also=("/presets",)),
    Place("Runs", "/runs", "runs", "r"),
    Place("Datasets", "/datasets", "datasets", "d", also=("/scenarios",)),
    Place("Models", "/models", "models", "m"),
    Place("Versions", "/versions", "versions", "v", also=("/exports", "/disk")),
    Place("Evaluations", "/evaluations", "evaluations", "e"),
    Place("Playground", "/playground", "chat", "p", also=("/chats",)),
    Place("Deployments", "/deployments", "deployments", "y"),
    Place("Settings", "/settings", "settings", "s", also=("/notifications", "/machine", "/logs")),
)


ON_THE_BAR = 4  # of the places, the first: a phone's bar holds them and a button for the others


@dataclass(frozen=True, slots=True)
class Frame:
    """Holds nothing that can fail to be looked up, so that an error page can always be drawn."""

    path: str
    workspace: str
    workspace_folder: str
    version: str
    now: datetime
    theme: str
    density: str
    shortcuts: bool
    newer: str = ""  # a version of Luthier that is out, as far as it was asked for
    places: tuple[Place, ...] = PLACES[:ON_THE_BAR]
    more_places: tuple[Place, ...] = PLACES[ON_THE_BAR:]


def workspace_of(request: Request) -> Workspace:
    workspace = request.app.state.workspace
    assert isinstance(workspace, Workspace)
    return workspace


def frame_of(request: Request) -> Frame:
    workspace = workspace_of(request)
    folder = workspace.settings.workspace_folder
    settings = workspace.kept_settings.current()
    newer = workspace.updates.known().newer
    return Frame(
        path=request.url.path,
        workspace=folder.name.lstrip(".") or str(folder),
        workspace_folder=str(folder),
        version=__version__,
        now=workspace.clock.now(),
        theme=settings.theme,
        density=settings.density,
        shortcuts=settings.shortcuts,
        newer=newer.version if newer else "",
    )
