"""Keys for programs that ask models: made, listed and revoked; a key is shown once and only its hash is kept."""

import hashlib
import secrets
from datetime import datetime

from luthier.domain.keys import LONGEST_NAME, Key, KeyNameTaken, KeyNameWrong, KeyNotFound, KeyState, MadeKey, lifetime
from luthier.domain.sessions import Session
from luthier.kit.clock import Clock
from luthier.kit.ids import new_id
from luthier.store import Store

_TOKEN_BYTES = 32


class Keys:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def make(self, name: str, days: int | None = None) -> MadeKey:
        """Valid for `days`, or until it is revoked. Raises KeyNameWrong and KeyNameTaken."""
        _check_name(name)
        now = self._clock.now()
        lasts = lifetime(days)
        secret = f"lk_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        digest = hashlib.sha256(secret.encode()).hexdigest()
        with self._store.writing() as tx:
            if any(session.name == name and session.is_valid(now) for session in tx.sessions.made_keys()):
                raise KeyNameTaken(name=name)
            ends = None if lasts is None else now + lasts
            tx.sessions.add(digest, "key", now, ends, key_id=new_id("key"), name=name, scope="inference")
            session = tx.sessions.get(digest)
        assert session is not None
        return MadeKey(key=_key(session, now), secret=secret)

    def list(self) -> "list[Key]":
        """Newest first, with those that no longer count."""
        with self._store.reading() as tx:
            found = tx.sessions.made_keys()
        return [_key(session, self._clock.now()) for session in found]

    def revoke(self, reference: str) -> Key:
        """By name (its valid key) or id. What is being answered to it ends within seconds. Raises KeyNotFound."""
        now = self._clock.now()
        with self._store.writing() as tx:
            found = [session for session in tx.sessions.made_keys() if reference in (session.key_id, session.name)]
            if not found:
                raise KeyNotFound(name=reference)
            chosen = next((session for session in found if session.is_valid(now)), found[0])
            tx.sessions.revoke(chosen.token_sha256, now)
            session = tx.sessions.get(chosen.token_sha256)
        assert session is not None
        return _key(session, now)


def _check_name(name: str) -> None:
    if not name.strip():
        raise KeyNameWrong(name=repr(name), reason="it is empty")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise KeyNameWrong(name=repr(name[:LONGEST_NAME]), reason=f"it takes up to {LONGEST_NAME} printable characters")


def _key(session: Session, now: datetime) -> Key:
    assert session.key_id is not None
    return Key(
        **session.model_dump(include={"key_id", "name", "created_at", "expires_at", "last_used_at", "revoked_at"}),
        state=_state(session, now),
    )


def _state(session: Session, now: datetime) -> KeyState:
    if session.revoked_at is not None:
        return "revoked"
    return "valid" if session.is_valid(now) else "expired"
