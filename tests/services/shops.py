"""A workspace with a dataset and a run that a simulated worker trains."""

import json
from pathlib import Path
from typing import cast

from luthier.domain.backups import BackupOptions
from luthier.domain.datasets import Dataset
from luthier.domain.jobs import Progress
from luthier.health.checkpoints import sealed_checkpoints
from luthier.kit.clock import SystemClock
from luthier.services.backups import Backups
from luthier.services.plans import Plans
from luthier.services.runs import Runs
from luthier.settings import Settings
from luthier.workspace import Workspace
from tests.builders import a_run
from tests.orchestration.simulated import Host, SimulatedClock

EVERYTHING = BackupOptions()


def no_matter(_: Progress) -> None: ...


class Shop:
    def __init__(self, root: Path, database_url: str | None = None) -> None:
        self.workspace = Workspace(Settings(home=root, database_url=database_url), SystemClock())
        self.folders = self.workspace.folders
        self.backups = Backups(self.workspace._store, self.folders, SystemClock())
        source = root.parent / "orders.jsonl"
        source.write_text("".join(json.dumps({"prompt": f"{n} oak", "completion": str(n)}) + "\n" for n in range(30)))
        self.dataset: Dataset = self.workspace.datasets.import_file(str(source))
        self.clock = SimulatedClock()
        unplanned, store = cast(Plans, None), self.workspace._store
        self.runs = Runs(store, self.folders, unplanned, self.clock, wake=lambda: None)  # nobody starts a real process
        self.host = Host("here", self.workspace._store, self.folders, self.clock)
        self.run = a_run(
            dataset_id=self.dataset.dataset_id, base_folder=str(self.folders.models / "tiny"), total_steps=1000
        )
        data = self.folders.run(self.run.run_id).train_file
        data.parent.mkdir(parents=True)
        data.write_text("{}\n")
        with self.workspace._store.writing() as tx:
            tx.runs.add(self.run)

    def tick(self) -> None:
        self.clock.elapsed += 1
        for worker in self.host.workers:
            if worker.acts:
                worker.work()
        self.host.supervisor.tick()
        kept = sealed_checkpoints(self.folders.run(self.run.run_id).checkpoints)
        for old in kept[:-2]:
            (old / "manifest.json").unlink()
            (old / "state").unlink()
            old.rmdir()

    def train(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()

    def back_up(self, path: Path, options: BackupOptions = EVERYTHING) -> Path:
        self.backups.make(path, options, no_matter)
        return path
