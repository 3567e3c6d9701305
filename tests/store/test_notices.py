"""Notices in both databases: one for each key, and deliveries by turn."""

from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config

from luthier.domain.notices import Delivery, DeliveryState
from luthier.store import Store, migrations, open_store
from luthier.store.connecting import Mode, begin, engine_for
from luthier.store.migrating import NEWEST
from tests.builders import a_moment
from tests.builders.notices import a_notice
from tests.store.conftest import Place


def a_delivery(notice_id: str = "note_1", channel_id: str = "chan_1", **changes: object) -> Delivery:
    return Delivery.model_validate({"notice_id": notice_id, "channel_id": channel_id, "due_at": a_moment(), **changes})


def test_the_same_key_makes_no_second_notice(store: Store) -> None:
    with store.writing() as tx:
        assert tx.notices.add("ws_1", a_notice())
        assert not tx.notices.add("ws_1", a_notice(notice_id="note_2", title="other words"))
        assert [notice.notice_id for notice in tx.notices.newest("ws_1", 10)] == ["note_1"]


def test_those_that_are_due_come_oldest_first_and_only_from_their_own_workspace(store: Store) -> None:
    with store.writing() as tx:
        for number, home in ((1, "ws_1"), (2, "ws_1"), (3, "ws_2"), (4, "ws_1")):
            tx.notices.add(home, a_notice(notice_id=f"note_{number}", key=f"key_{number}"))
            tx.notices.put_delivery(a_delivery(f"note_{number}"))
        tx.notices.put_delivery(a_delivery("note_4", due_at=a_moment() + timedelta(hours=1)))
        due = tx.notices.due("ws_1", a_moment(1), 10)
    assert [delivery.notice_id for delivery in due] == ["note_1", "note_2"]


def test_what_is_sent_is_due_no_more_and_what_broke_off_is_due_again(store: Store) -> None:
    with store.writing() as tx:
        tx.notices.add("ws_1", a_notice())
        tx.notices.put_delivery(a_delivery(channel_id="sent", state=DeliveryState.SENT))
        tx.notices.put_delivery(a_delivery(channel_id="broken", state=DeliveryState.SENDING))
        tx.notices.put_delivery(a_delivery(channel_id="failed", state=DeliveryState.FAILED))
        assert [each.channel_id for each in tx.notices.due("ws_1", a_moment(1), 10)] == ["broken"]


def test_a_reader_remembers_how_far_it_came(store: Store) -> None:
    with store.writing() as tx:
        assert tx.notices.read_to("notices of ws_1") == 0
        tx.notices.has_read("notices of ws_1", 12)
        tx.notices.has_read("notices of ws_1", 17)
        assert tx.notices.read_to("notices of ws_1") == 17
        assert tx.notices.read_to("notices of ws_2") == 0


def test_a_workspace_from_before_there_were_notices_gets_their_tables(place: Place) -> None:
    engine = engine_for(place, 5)
    with begin(engine, Mode.MIGRATE) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    engine.dispose()
    store = open_store(place)
    with store.writing() as tx:
        assert tx.notices.add("ws_1", a_notice())
    store.close()


def test_the_newest_migration_is_the_one_that_counts_as_up_to_date() -> None:
    files = Path(str(migrations.__file__)).parent.glob("versions/m*.py")
    assert max(path.name[1:5] for path in files) == NEWEST
