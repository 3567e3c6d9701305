"""Sign-in sessions of browsers and keys of programs; only the hash of a token is ever kept."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from luthier.domain.errors import AccessDenied, Action
from luthier.kit.frozen import Frozen

CODE_LIFETIME = timedelta(minutes=10)  # of the link that the server prints
BROWSER_LIFETIME = timedelta(days=14)
BROWSER_IDLE_LIFETIME = timedelta(days=3)

SessionKind = Literal["browser", "key"]
Scope = Literal["all", "inference"]  # what it opens: everything, or `/v1` only


class Session(Frozen):
    token_sha256: str
    kind: SessionKind
    created_at: datetime
    expires_at: datetime | None = None  # None: until it is revoked
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    scope: Scope = "all"
    key_id: str | None = None  # of a key that a person made, with its name
    name: str = ""

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class NotSignedIn(AccessDenied):
    code = "sessions.not_signed_in"
    sentence = "This needs a signed-in browser or an API key."
    actions: ClassVar[tuple[Action, ...]] = (
        Action(label="Open the sign-in link that the server printed when it started"),
        Action(label="Send the key of the workspace's file secrets/api-key as `Authorization: Bearer KEY`"),
    )


class KeyNotKnown(NotSignedIn):
    code = "sessions.key_not_known"
    sentence = "The API key that was sent is none of this workspace's, or was revoked."
    actions = (
        Action(label="See which keys there are", command="luthier keys list"),
        Action(label="Make a new one; it is shown once", command="luthier keys make NAME"),
        Action(label="Or send the key of the workspace's file secrets/api-key as `Authorization: Bearer KEY`"),
    )


class SignInRefused(AccessDenied):
    code = "sessions.sign_in_refused"
    sentence = "This sign-in code was used before, is too old, or belongs to an earlier start of the server."
    actions = (
        Action(label="Stop the server with Ctrl-C and start it again; it prints a fresh link", command="luthier serve"),
        Action(label="Or sign in with the key of the workspace's file secrets/api-key"),
    )
