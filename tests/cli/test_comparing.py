"""`luthier runs compare` as a person and as a script read it."""

import luthier
from luthier.domain.run_states import RunState
from luthier.settings import Settings
from luthier.store import open_store
from tests.builders import a_run
from tests.cli.running import Cli


def _some_runs(cli: Cli) -> None:
    with luthier.open(settings=Settings(home=cli.home, offline=True)) as workspace:
        store = open_store(workspace.folders.database)
        with store.writing() as tx:
            for name, loss in (("oak", 0.5), ("ash", 0.25)):
                tx.runs.add(a_run(name=name, loss=loss, state=RunState.COMPLETED, training_seconds=60.0))
        store.close()


def test_runs_are_compared_in_a_table_and_as_a_document(cli: Cli) -> None:
    _some_runs(cli)
    shown = cli("runs", "compare", "oak", "ash", "--sort", "loss")
    assert shown.code == 0, shown.err
    head, *rows = [line.split() for line in shown.out.splitlines() if line.strip()]
    assert head == ["ash", "oak"]
    assert ["Training", "loss", "0.2500", "*", "0.5000"] in rows
    document = cli("runs", "compare", "oak", "ash", "--json").document
    assert [run["name"] for run in document["runs"]] == ["oak", "ash"]
    wrong = cli("runs", "compare", "oak", "ash", "--sort", "luck")
    assert wrong.code == 2 and "luck is no metric" in wrong.err
    alone = cli("runs", "compare", "oak")
    assert alone.code == 2 and "Two to five different runs" in alone.err
