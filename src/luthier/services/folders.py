"""Where everything of a workspace lies. The only place that knows the names of its folders."""

import shutil
from pathlib import Path

from luthier.health.checkpoints import sealed_checkpoints, step_of
from luthier.kit.files import read_json


class Folders:
    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def marker(self) -> Path:
        return self.root / "workspace.json"

    @property
    def welcome_dismissed(self) -> Path:
        return self.root / "welcome.json"

    @property
    def workspace_id(self) -> str:
        """Empty in a folder that has not been laid out."""
        return str(read_json(self.marker)["id"]) if self.marker.exists() else ""

    @property
    def database(self) -> Path:
        return self.root / "luthier.db"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def notifications(self) -> Path:
        """Channels and quiet hours; their passwords lie with the secrets."""
        return self.root / "notifications.json"

    @property
    def server_card(self) -> Path:
        """Where the server of this workspace is to be reached, while its lock is held."""
        return self.root / "server.json"

    @property
    def settings(self) -> Path:
        """Those that a person keeps here; services/kept_settings.py."""
        return self.root / "settings.toml"

    @property
    def imports(self) -> Path:
        return self.root / "imports"

    @property
    def checks(self) -> Path:
        return self.root / "checks"

    @property
    def dataset_jobs(self) -> Path:
        return self.root / "dataset-jobs"

    @property
    def previews(self) -> Path:
        """Of drafts whose rows are looked at."""
        return self.root / "previews"

    @property
    def counting(self) -> Path:
        """Of drafts whose examples are counted for a plan."""
        return self.root / "counting"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def export_work(self) -> Path:
        """Of exports that are being made."""
        return self.root / "export-work"

    @property
    def registry(self) -> Path:
        """What the database says of versions and deployments, so that it can be made again."""
        return self.root / "versions"

    @property
    def evaluations(self) -> Path:
        """What the database says of those that are done, of their votes and of gates, so that it can be made again."""
        return self.root / "evaluations"

    @property
    def chats(self) -> Path:
        """What the database says of them, so that it can be made again."""
        return self.root / "chats"

    @property
    def merges(self) -> Path:
        """Adapters that were merged from others."""
        return self.root / "merges"

    @property
    def merge_work(self) -> Path:
        """Of merges that are being made."""
        return self.root / "merge-work"

    @property
    def evaluation_work(self) -> Path:
        """Of evaluations that are being made."""
        return self.root / "evaluation-work"

    @property
    def suites(self) -> Path:
        """The user's own, one file each."""
        return self.root / "suites"

    @property
    def own_tasks(self) -> Path:
        """The user's own tasks of lm-evaluation-harness, and their data."""
        return self.suites / "lm-eval"

    def guest(self, name: str) -> Path:
        """The environment of a program that is kept apart from ours."""
        return self.root / "guests" / name

    @property
    def rollouts(self) -> Path:
        """Of versions that are tried before they serve."""
        return self.root / "rollouts"

    @property
    def demos(self) -> Path:
        return self.root / "demos"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def rates(self) -> Path:
        return self.root / "rates"

    @property
    def scenarios(self) -> Path:
        return self.root / "scenarios"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def backup_jobs(self) -> Path:
        return self.root / "backup-jobs"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def drafts(self) -> Path:
        """Of runs, one JSON file each."""
        return self.root / "drafts"

    @property
    def presets(self) -> Path:
        """A folder each, with one recipe file a version."""
        return self.root / "presets"

    @property
    def downloads(self) -> Path:
        """Of base models that are being fetched."""
        return self.root / "downloads"

    @property
    def model_cards(self) -> Path:
        """What the hub said of models, kept for when it cannot be asked."""
        return self.root / "model-cards.json"

    @property
    def updates(self) -> Path:
        """What the package index said of newer versions."""
        return self.root / "updates.json"

    @property
    def profiles(self) -> Path:
        """The user's own, one TOML file each."""
        return self.root / "profiles"

    def trace(self, revision: str, precision: str) -> Path:
        return self.root / "traces" / f"{revision}-{precision}.json"

    def calibration(self, fingerprint: str) -> Path:
        return self.root / "calibration" / f"{fingerprint}.json"

    def dataset(self, dataset_id: str) -> Path:
        return self.root / "datasets" / dataset_id

    def examples(self, dataset_id: str) -> Path:
        return self.dataset(dataset_id) / "examples.jsonl"

    def examples_index(self, dataset_id: str) -> Path:
        return self.dataset(dataset_id) / "examples.idx.npy"

    def dataset_versions(self, dataset_id: str) -> Path:
        """The names and numbers that this content was given."""
        return self.dataset(dataset_id) / "versions.jsonl"

    def run(self, run_id: str) -> "RunFolder":
        return RunFolder(self.runs / run_id)


class RunFolder:
    """A run is a folder: the same one travels to another machine and back."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def recipe(self) -> Path:
        return self.root / "recipe.yaml"

    @property
    def plan(self) -> Path:
        return self.root / "plan.json"

    @property
    def history(self) -> Path:
        """Who moved the run, and why; what its workers did is in their journals."""
        return self.root / "history.jsonl"

    @property
    def train_file(self) -> Path:
        return self.root / "data" / "train.jsonl"

    @property
    def held_out_file(self) -> Path:
        return self.root / "data" / "held_out.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def checkpoint_results(self) -> Path:
        """What was written from checkpoints to be asked, by their names; made again when it is missing."""
        return self.root / "checkpoint-results"

    @property
    def adapter(self) -> Path:
        return self.root / "adapter"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def evaluation(self) -> Path:
        return self.report / "evaluation.json"

    @property
    def quality(self) -> Path:
        return self.report / "quality.json"

    @property
    def quality_page(self) -> Path:
        return self.report / "quality.html"

    @property
    def preflight(self) -> Path:
        return self.report / "preflight.json"

    @property
    def preflight_page(self) -> Path:
        return self.report / "preflight.html"

    def discard_checkpoints_after(self, step: int) -> list[int]:
        """The steps of those that are gone."""
        gone = [folder for folder in sealed_checkpoints(self.checkpoints) if step_of(folder) > step]
        for folder in gone:
            shutil.rmtree(folder)
        return [step_of(folder) for folder in gone]

    def discard_results(self) -> None:
        """What a cancelled run leaves behind goes; its recipe, plan, journals and logs stay."""
        for folder in (self.checkpoints, self.checkpoint_results, self.adapter, self.model):
            shutil.rmtree(folder, ignore_errors=True)

    def attempt(self, number: int) -> "AttemptFolder":
        return AttemptFolder(self.root / "attempts" / f"{number:03d}")


class AttemptFolder:
    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def job(self) -> Path:
        return self.root / "job.json"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def commands(self) -> Path:
        return self.root / "commands.jsonl"

    @property
    def log(self) -> Path:
        return self.root / "worker.log"
