"""Luthier: the workshop in which language models are tuned. `luthier.open()` gives a workspace."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from luthier.settings import Settings
    from luthier.workspace import Workspace

__version__ = "0.1.0"


def open(home: "Path | str | None" = None, settings: "Settings | None" = None) -> "Workspace":
    """Opens the workspace in `home` (default: LUTHIER_HOME, else ~/.luthier), making it when it is not there."""
    from luthier.workspace import open_workspace

    return open_workspace(home, settings)
