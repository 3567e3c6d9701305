"""`luthier runs compare` as a person and as a script read it."""

import luthier
from luthier.domain.run_states import RunState
from luthier.domain.sweeps import SweepMember
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


def test_the_list_is_narrowed_and_sorted_by_options(cli: Cli) -> None:
    _some_runs(cli)
    by_loss = cli("runs", "list", "--sort", "loss", "--json").document
    assert [run["name"] for run in by_loss] == ["ash", "oak"]
    turned = cli("runs", "list", "--sort", "loss", "--reverse", "--json").document
    assert [run["name"] for run in turned] == ["oak", "ash"]
    assert [run["name"] for run in cli("runs", "list", "--text", "OAK", "--method", "sft", "--json").document] == [
        "oak"
    ]
    nobody = cli("runs", "list", "--base", "other")
    assert "No run is like that." in nobody.out
    for option, said in (("--sort", "luck"), ("--method", "magic"), ("--state", "asleep")):
        refused = cli("runs", "list", option, said)
        assert refused.code == 2 and f"{said} is no" in refused.err


def test_all_runs_of_a_sweep_are_compared_a_line_each(cli: Cli) -> None:
    with luthier.open(settings=Settings(home=cli.home, offline=True)) as workspace:
        store = open_store(workspace.folders.database)
        with store.writing() as tx:
            for seed in range(7):
                member = SweepMember(sweep_id="sweep_1", values={"settings.seed": seed})
                tx.runs.add(a_run(name=f"oak {seed}", loss=1 + seed / 8, state=RunState.COMPLETED, sweep=member))
        store.close()
    shown = cli("runs", "compare", "--sweep", "sweep_1", "--sort", "loss")
    assert shown.code == 0, shown.err
    rows = [line.split() for line in shown.out.splitlines() if line.startswith("oak")]
    assert [row[1] for row in rows] == [str(seed) for seed in range(7)]
    assert "*" in rows[0] and "*" not in rows[1]
    assert cli("runs", "compare", "--sweep", "sweep_2").code == 2
