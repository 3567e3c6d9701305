"""Sign-in sessions and keys, by the hash of their token."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from luthier.domain.sessions import Scope, Session, SessionKind
from luthier.store.tables import sessions


class Sessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        token_sha256: str,
        kind: SessionKind,
        created_at: datetime,
        expires_at: datetime | None = None,
        *,
        key_id: str | None = None,
        name: str = "",
        scope: Scope = "all",
    ) -> None:
        values = {"token_sha256": token_sha256, "kind": kind, "created_at": created_at, "expires_at": expires_at}
        self._connection.execute(insert(sessions).values(**values, key_id=key_id, name=name, scope=scope))

    def get(self, token_sha256: str) -> Session | None:
        """Revoked and expired ones too: `Session.is_valid` says which still count."""
        statement = select(sessions).where(sessions.c.token_sha256 == token_sha256)
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else Session.model_validate(dict(row))

    def clear(self) -> None:
        """Everybody has to sign in again."""
        self._connection.execute(delete(sessions))

    def made_keys(self) -> list[Session]:
        """Those that people made, newest first, with those that no longer count."""
        statement = select(sessions).where(sessions.c.key_id.is_not(None)).order_by(sessions.c.key_id.desc())
        return [Session.model_validate(dict(row)) for row in self._connection.execute(statement).mappings()]

    def touch(self, token_sha256: str, at: datetime) -> None:
        self._connection.execute(
            update(sessions).where(sessions.c.token_sha256 == token_sha256).values(last_used_at=at)
        )

    def revoke(self, token_sha256: str, at: datetime) -> None:
        """The first moment of revoking stays."""
        still_valid = (sessions.c.token_sha256 == token_sha256) & sessions.c.revoked_at.is_(None)
        self._connection.execute(update(sessions).where(still_valid).values(revoked_at=at))
