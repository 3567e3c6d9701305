"""Datasets that were imported before they were counted get their numbers, and nothing of them is lost."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from luthier.store import migrations, open_store
from luthier.store.connecting import Mode, begin, engine_for
from tests.builders import a_dataset
from tests.store.conftest import Place

NOT_YET = {"version", "made_by"}


def test_older_datasets_are_counted_in_the_order_of_their_import(place: Place) -> None:
    old = [
        a_dataset(dataset_id="ds_1"),
        a_dataset(dataset_id="ds_2", name="letters"),
        a_dataset(dataset_id="ds_3"),
    ]
    engine = engine_for(place, 5)
    with begin(engine, Mode.MIGRATE) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with begin(engine, Mode.WRITE) as connection:
        for dataset in old:
            row = {
                "id": dataset.dataset_id,
                "name": dataset.name,
                "body": dataset.model_dump_json(exclude=NOT_YET),
            }
            connection.execute(text("INSERT INTO datasets (dataset_id, name, body) VALUES (:id, :name, :body)"), row)
    engine.dispose()
    store = open_store(place)
    with store.reading() as tx:
        third = old[2].model_copy(update={"version": 2})
        assert tx.datasets.list() == [third, old[1], old[0]]
        assert tx.datasets.find("orders@1") == old[0]
        assert tx.datasets.find("orders") == third
    with store.writing() as tx:
        assert tx.datasets.add(a_dataset(dataset_id="ds_4")).label == "orders@3"
    store.close()
