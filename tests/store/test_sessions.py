from luthier.domain.sessions import Session
from luthier.store import Store
from tests.builders import a_moment

TOKEN = "5e" * 32


def test_a_session_ends_at_its_time_and_not_before(store: Store) -> None:
    with store.writing() as tx:
        tx.sessions.add(TOKEN, "browser", a_moment(), a_moment(60))
    with store.reading() as tx:
        session = tx.sessions.get(TOKEN)
    assert session == Session(token_sha256=TOKEN, kind="browser", created_at=a_moment(), expires_at=a_moment(60))
    assert session.is_valid(a_moment(59))
    assert not session.is_valid(a_moment(60))


def test_an_unknown_token_has_no_session(store: Store) -> None:
    with store.reading() as tx:
        assert tx.sessions.get(TOKEN) is None


def test_a_revoked_key_stays_revoked_since_the_first_time(store: Store) -> None:
    with store.writing() as tx:
        tx.sessions.add(TOKEN, "key", a_moment())
        tx.sessions.touch(TOKEN, a_moment(1))
        tx.sessions.revoke(TOKEN, a_moment(2))
        tx.sessions.revoke(TOKEN, a_moment(3))
        session = tx.sessions.get(TOKEN)
    assert session is not None
    assert (session.last_used_at, session.revoked_at) == (a_moment(1), a_moment(2))
    assert not session.is_valid(a_moment(2))


def test_revoking_one_token_leaves_the_others(store: Store) -> None:
    with store.writing() as tx:
        tx.sessions.add(TOKEN, "key", a_moment())
        tx.sessions.add("other", "key", a_moment())
        tx.sessions.revoke("other", a_moment(1))
        session = tx.sessions.get(TOKEN)
    assert session is not None
    assert session.is_valid(a_moment(2))
