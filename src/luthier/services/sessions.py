"""Sign-in: one-time codes become browser sessions, one key per workspace serves scripts, and both can be taken back."""

import hashlib
import secrets
import threading
from pathlib import Path
from typing import NamedTuple

from luthier.domain.sessions import (
    BROWSER_IDLE_LIFETIME,
    BROWSER_LIFETIME,
    CODE_LIFETIME,
    Session,
    SessionKind,
    SignInRefused,
)
from luthier.kit.clock import Clock
from luthier.kit.files import write_atomically
from luthier.services.folders import Folders
from luthier.store import Store

_TOKEN_BYTES = 32
_TOUCH_SECONDS = 600  # how coarse `last_used_at` is, so that reading a page seldom writes


class SignedIn(NamedTuple):
    token: str  # for the browser's cookie; kept nowhere else
    session: Session


class Sessions:
    """Codes live in this process only: they end with the server that printed them."""

    def __init__(self, store: Store, folders: Folders, clock: Clock) -> None:
        self._store = store
        self._folders = folders
        self._clock = clock
        self._codes: dict[str, float] = {}  # hash -> monotonic moment of its end
        self._lock = threading.Lock()

    def new_code(self) -> str:
        """A code that signs in one browser, once, within CODE_LIFETIME."""
        code = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            self._codes[_hash(code)] = self._clock.monotonic() + CODE_LIFETIME.total_seconds()
        return code

    def sign_in(self, code: str) -> SignedIn:
        """Takes a one-time code, or the key of the workspace. Raises SignInRefused."""
        if not self._use_up(code) and not self._is_valid_key(code):
            raise SignInRefused()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        return SignedIn(token, self._add(token, "browser"))

    def _use_up(self, code: str) -> bool:
        with self._lock:
            ends_at = self._codes.pop(_hash(code), None)
        return ends_at is not None and self._clock.monotonic() < ends_at

    def _is_valid_key(self, token: str) -> bool:
        session = self.resolve(token)
        return session is not None and session.kind == "key" and session.scope == "all"

    def resolve(self, token: str) -> Session | None:
        """The session of a token that still counts."""
        digest = _hash(token)
        with self._store.reading() as tx:
            session = tx.sessions.get(digest)
        if session is None or not self._counts(session):
            return None
        now = self._clock.now()
        if (now - (session.last_used_at or session.created_at)).total_seconds() > _TOUCH_SECONDS:
            with self._store.writing() as tx:
                tx.sessions.touch(digest, now)
        return session

    def still_counts(self, session: Session) -> bool:
        """Whether a session that was resolved a while ago has been taken back or has ended since."""
        with self._store.reading() as tx:
            current = tx.sessions.get(session.token_sha256)
        return current is not None and self._counts(current)

    def _counts(self, session: Session) -> bool:
        now = self._clock.now()
        if session.kind == "browser" and now - (session.last_used_at or session.created_at) > BROWSER_IDLE_LIFETIME:
            return False
        return session.is_valid(now)

    def revoke(self, session: Session) -> None:
        with self._store.writing() as tx:
            tx.sessions.revoke(session.token_sha256, self._clock.now())

    def api_key_file(self) -> Path:
        """The file that holds this workspace's key; made on first use, made anew when its key was revoked."""
        path = self._folders.secrets / "api-key"
        if path.exists():
            path.chmod(0o600)
            if self._is_valid_key(path.read_text().strip()):
                return path
        key = f"lk_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        self._add(key, "key")
        write_atomically(path, f"{key}\n".encode())  # the folder is this user's only, so nobody reads it before chmod
        path.chmod(0o600)
        return path

    def _add(self, token: str, kind: SessionKind) -> Session:
        now = self._clock.now()
        session = Session(
            token_sha256=_hash(token),
            kind=kind,
            created_at=now,
            expires_at=now + BROWSER_LIFETIME if kind == "browser" else None,
        )
        with self._store.writing() as tx:
            tx.sessions.add(session.token_sha256, session.kind, session.created_at, session.expires_at)
        return session


def _hash(token: str) -> str:
    """Tokens hold 256 random bits, so a plain hash cannot be searched backwards."""
    return hashlib.sha256(token.encode()).hexdigest()
