"""What a supervisor and a process that forks workers say to each other, a line of JSON each."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from luthier.kit.frozen import Frozen


class ForkRequest(Frozen):
    """An attempt that is to begin; its job.json is written."""

    run_folder: str
    attempt: int
    log: str  # what its worker writes is appended to this file


class Forked(Frozen):
    """In the order of the requests."""

    kind: Literal["forked"] = "forked"
    pid: int


class ForkEnded(Frozen):
    kind: Literal["ended"] = "ended"
    pid: int
    code: int  # of its exit; minus the signal's number when a signal ended it


FromForks: TypeAdapter[Forked | ForkEnded] = TypeAdapter(Annotated[Forked | ForkEnded, Field(discriminator="kind")])
