"""Keys that open the models of a workspace to programs, and nothing else of it."""

from datetime import datetime, timedelta
from typing import Literal

from luthier.domain.errors import AccessDenied, Action, NotAllowedNow, NotFound, WrongUsage
from luthier.kit.frozen import Frozen

LONGEST_NAME = 80
KeyState = Literal["valid", "expired", "revoked"]


class Key(Frozen):
    """What is known of a key once it was made; the key itself is kept nowhere."""

    key_id: str
    name: str
    state: KeyState
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None  # to ten minutes
    revoked_at: datetime | None


class MadeKey(Frozen):
    key: Key
    secret: str  # shown once


def lifetime(days: int | None) -> timedelta | None:
    """None: until it is revoked."""
    return None if days is None else timedelta(days=days)


class KeyNotFound(NotFound):
    code = "keys.not_found"
    sentence = "No key is called {name}."
    actions = (Action(label="See the keys", command="luthier keys list"),)


class KeyNameTaken(NotAllowedNow):
    code = "keys.name_taken"
    sentence = "There is a valid key called {name} already."
    actions = (
        Action(label="Choose another name", command="luthier keys make NAME"),
        Action(label="Or revoke that one first", command="luthier keys revoke {name}"),
    )


class KeyNameWrong(WrongUsage):
    code = "keys.name_wrong"
    sentence = "A key cannot be called {name}: {reason}."
    actions = (Action(label="Name the program that will use it", command="luthier keys make NAME"),)


class KeyOpensModelsOnly(AccessDenied):
    code = "keys.opens_models_only"
    sentence = "This key is for asking models under /v1, and {path} needs the key of the workspace."
    actions = (
        Action(label="Ask a model: POST /v1/chat/completions"),
        Action(label="Use the key of the workspace's file secrets/api-key"),
    )
