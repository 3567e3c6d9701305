"""A workspace is moved from one kind of database to the other, and made anew in PostgreSQL."""

from pathlib import Path

import pytest

from luthier.domain.backups import RestoreTargetNotEmpty
from luthier.domain.run_states import RunState
from luthier.kit.clock import SystemClock
from luthier.services.reindexing import reindex
from luthier.services.restoring import restore_backup
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.services.shops import Shop, no_matter


def seen(workspace: Workspace, run_id: str) -> tuple[RunState, list[tuple[int, float]]]:
    points = workspace.runs.metrics(run_id, names=("loss",))
    return workspace.runs.get(run_id).state, [(point.step, point.value) for point in points]


@pytest.mark.parametrize("way", ["into PostgreSQL", "out of PostgreSQL"])
def test_a_backup_is_restored_into_the_other_kind_of_database(way: str, postgresql_url: str, tmp_path: Path) -> None:
    source, target = (None, postgresql_url) if way == "into PostgreSQL" else (postgresql_url, None)
    shop = Shop(tmp_path / "shop", source)
    shop.train(8)
    path = shop.back_up(tmp_path / "one.luthier-backup")
    expected = seen(shop.workspace, shop.run.run_id)[1]
    shop.workspace.close()
    settings = Settings(home=tmp_path / "copy", database_url=target)
    restore_backup(path, settings, SystemClock(), no_matter)
    with Workspace(settings, SystemClock()) as workspace:
        assert seen(workspace, shop.run.run_id) == (RunState.QUEUED, expected)
        assert workspace.datasets.get("orders").examples == 30
    assert (tmp_path / "copy" / "luthier.db").exists() is (target is None)
    elsewhere = Settings(home=tmp_path / "another", database_url=postgresql_url)
    with pytest.raises(RestoreTargetNotEmpty, match="database"):
        restore_backup(path, elsewhere, SystemClock(), no_matter)
    assert not (tmp_path / "another").exists()


def test_a_lost_database_of_postgresql_is_made_anew(postgresql_url: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.train(8)
    expected = seen(shop.workspace, shop.run.run_id)[1]
    shop.workspace.close()
    settings = Settings(home=tmp_path / "shop", database_url=postgresql_url)
    assert reindex(settings, SystemClock(), no_matter).runs == 1
    with Workspace(settings, SystemClock()) as workspace:
        assert seen(workspace, shop.run.run_id) == (RunState.QUEUED, expected)
