"""A folder of scenarios as one file for a phone: what is wanted, and what came of it."""

from typing import Any

from luthier.domain.errors import Action, WrongUsage
from luthier.kit.frozen import Frozen


class BuildWanted(Frozen):
    folder: str
    name: str  # of the dataset, the run, the version and the file
    max_bytes: int
    base: str = "starter"
    vary: int = 0  # how many variations are trained on; 0: the scenarios as they are
    settings: dict[str, Any] = {}  # of training, that are pinned
    out: str | None = None  # folder; by default one of that name here


class Built(Frozen):
    file: str
    report: str  # what was checked, as JSON
    bytes: int
    max_bytes: int
    version: str
    export_id: str
    command: str  # that asks it


class BuildPlace(WrongUsage):
    code = "scenarios.build_place"
    sentence = "{path} holds something else already, so the model is not put there."
    actions = (
        Action(label="Name another folder", command="luthier scenarios build FOLDER --max-size 200MB --out NEW"),
    )
