"""What stands in the way of removing a base model, and what is gone when it went."""

from typing import Literal

from luthier.domain.errors import Action, NotAllowedNow, WorkFailed
from luthier.kit.frozen import Frozen
from luthier.kit.units import show_bytes

_MOST_NAMED = 3  # users in the sentence of the refusal; all of them stand in the use


class ModelUser(Frozen):
    """One thing that needs the model where it is."""

    kind: Literal["run", "version"]
    label: str
    address: str  # of its page

    @property
    def words(self) -> str:
        return f"the {self.kind} {self.label}"


class DraftOnModel(Frozen):
    """A draft that names the model: it stays whole, but its run would have to fetch the model again."""

    draft_id: str
    name: str
    address: str


class ModelUse(Frozen):
    """Of a model in this workspace, as it is now."""

    name: str
    bytes: int  # that it takes in this workspace
    freed_bytes: int  # that the disk would get back, the shared copy included
    is_shared: bool  # another workspace holds the fetched copy too, so that copy stays
    users: tuple[ModelUser, ...]  # none: it may go
    drafts: tuple[DraftOnModel, ...]

    @property
    def may_go(self) -> bool:
        return not self.users

    @property
    def cost_sentences(self) -> tuple[str, ...]:
        """What its removal gives and takes, in the order in which one wants to know."""
        kept = " Another workspace has the fetched copy too, so that stays." if self.is_shared else ""
        lines = [
            f"Removing {self.name} gives the disk {show_bytes(self.freed_bytes)} back.{kept}",
            "This cannot be undone: to use it again, it is fetched again, if it is still offered.",
            "Runs that ended keep what they have, but can be chatted with or go on only when it is here again.",
        ]
        if self.drafts:
            names = ", ".join(draft.name for draft in self.drafts[:_MOST_NAMED])
            more = len(self.drafts) - _MOST_NAMED
            lines.append(f"Drafts that name it would fetch it: {names}{f' and {more} more' if more > 0 else ''}.")
        return tuple(lines)

    @property
    def users_sentence(self) -> str:
        """E.g. `the run orders, the version orders@0.1.0 and 3 more`."""
        named = [user.words for user in self.users[:_MOST_NAMED]]
        if more := len(self.users) - len(named):
            named.append(f"{more} more")
        return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


class ModelRemoved(Frozen):
    name: str
    freed_bytes: int
    is_shared: bool  # the fetched copy stayed, because another workspace holds it

    @property
    def sentence(self) -> str:
        kept = "; the fetched copy stays, because another workspace has it" if self.is_shared else ""
        return f"{self.name} is removed, and {show_bytes(self.freed_bytes)} are free again{kept}."


class ModelInUse(NotAllowedNow):
    code = "models.in_use"
    sentence = "{name} stays, because it is used by {users}."
    actions = (
        Action(
            label="See all that use it",
            command="luthier models remove {name}",
            address="/models/remove?name={name}",
        ),
        Action(label="See what else could make room", command="luthier clean-up", address="/disk"),
    )


class ModelNotOurs(NotAllowedNow):
    code = "models.not_ours"
    sentence = "{folder} is a folder of yours, which Luthier only reads."
    actions = (
        Action(label="Remove it yourself, when nothing uses it any more"),
        Action(label="See the models that Luthier keeps", command="luthier models list", address="/models"),
    )


class ModelsBeingFetched(NotAllowedNow):
    code = "models.being_fetched"
    sentence = "{name} is not removed now: a model is being fetched, and workspaces share what was fetched."
    actions = (
        Action(label="Wait until it is here, and try again", command="luthier models remove {name}"),
        Action(label="Or call the download off on the page Models", address="/models"),
    )


class ModelPartLeft(WorkFailed):
    code = "models.part_left"
    sentence = "{name} could not be removed whole; {folder} is left: {reason}."
    actions = (
        Action(label="Let Luthier remove that folder, and try again", command="luthier models remove {name}"),
        Action(label="Or fetch it again, which makes it whole", command="luthier models pull {name} --again"),
    )
