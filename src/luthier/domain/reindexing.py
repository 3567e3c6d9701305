"""What came back when a database was made anew from the folders, and what could not, by name."""

from luthier.domain.errors import Action, NotAllowedNow
from luthier.kit.frozen import Frozen


class NotBroughtBack(Frozen):
    what: str
    reason: str


class Reindexed(Frozen):
    runs: int
    datasets: int
    versions: int
    events: int
    going_on: tuple[str, ...]  # names of runs that were at work, and go on from their newest checkpoints
    set_aside: str | None  # where the database that could not be read is now
    not_brought_back: tuple[NotBroughtBack, ...]


class DatabaseInUse(NotAllowedNow):
    code = "workspace.database_in_use"
    sentence = "The database cannot be made anew while {user} is at work with it."
    actions = (
        Action(label="End `luthier serve`, and stop the runs", command="luthier runs list"),
        Action(label="Then try again", command="luthier doctor --reindex"),
    )


class NothingToReindex(NotAllowedNow):
    code = "workspace.nothing_to_reindex"
    sentence = "The database of this workspace can be read and is not empty, so it is not made anew."
    actions = (
        Action(label="To make it anew all the same, move it away first", command="mv {path} {path}.aside"),
        Action(label="Then make it from the folders", command="luthier doctor --reindex"),
    )
