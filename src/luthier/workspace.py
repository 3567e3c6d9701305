"""The composition root, and the Python library: settings in, services out."""

from pathlib import Path

from luthier.connectors.dataset_sources import DatasetSources
from luthier.kit.clock import Clock, SystemClock
from luthier.kit.files import write_json
from luthier.kit.ids import new_id
from luthier.orchestration.exporting import ExportProcesses
from luthier.orchestration.inference import Inference
from luthier.orchestration.launch import ensure_supervisor
from luthier.orchestration.measuring import Measuring
from luthier.orchestration.notifying import Notifying, notifying
from luthier.orchestration.tracing import trace_base
from luthier.planning.knowledge import Tariff
from luthier.services.backup_jobs import BackupJobs
from luthier.services.backups import Backups
from luthier.services.calibration import Calibrations
from luthier.services.chat import Chat
from luthier.services.comparisons import Comparisons
from luthier.services.curves import Curves
from luthier.services.dataset_jobs import DatasetJobs
from luthier.services.datasets import Datasets
from luthier.services.derivations import Derivations
from luthier.services.doctor import Doctor
from luthier.services.export_making import ExportMaking
from luthier.services.exports import Exports
from luthier.services.folders import Folders
from luthier.services.imports import Imports
from luthier.services.machine import MachineProfile
from luthier.services.models import Models
from luthier.services.notice_channels import NoticeChannels
from luthier.services.notice_delivery import NoticeDelivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.services.notifications import Notifications
from luthier.services.ollama import OllamaModels
from luthier.services.own_scenarios import OwnScenarios
from luthier.services.plans import Plans
from luthier.services.profiles import Profiles
from luthier.services.quality import Quality
from luthier.services.queue import Queue
from luthier.services.run_history import History
from luthier.services.run_logs import RunLogs
from luthier.services.runs import Runs
from luthier.services.samples import Samples
from luthier.services.scenario_datasets import ScenarioDatasets
from luthier.services.scenarios import Scenarios
from luthier.services.sessions import Sessions
from luthier.services.tokens import Tokens
from luthier.services.traces import Traces
from luthier.services.uploads import Uploads
from luthier.services.versions import Versions
from luthier.settings import Settings
from luthier.store import open_store

FORMAT = 1  # of the folder's layout; a workspace of a newer one is left untouched


class Workspace:
    """Everything of one user or team, in one folder. Made by `luthier.open()`; safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.folders = Folders(settings.workspace_folder)
        _lay_out(self.folders)
        history = History(self.folders, clock)
        self._store = open_store(settings.database_url or self.folders.database, recorder=history)
        self.datasets = Datasets(self._store, self.folders, clock, DatasetSources(settings, clock))
        self.models = Models(settings, self.folders, clock)
        self.quality = Quality(self.datasets, self.models, self.folders, clock)
        self.machine = MachineProfile(self.folders, clock)
        self.measuring = Measuring(self.folders, self.machine, clock)
        self.plans = Plans(
            self.datasets,
            self.models,
            self.machine,
            Traces(self.folders, trace_base),
            Calibrations(self._store, self.folders),
            Profiles(self.folders),
            Tariff(settings.electricity_price, settings.currency, settings.region),
        )
        self.queue = Queue(self._store, self.folders, self._free_memory, settings.runs_at_once)
        self.runs = Runs(self._store, self.folders, self.plans, clock, wake=self._wake)
        self.curves = Curves(self._store)
        self.samples = Samples(self._store)
        self.comparisons = Comparisons(self.runs)
        self.doctor = Doctor(self._store, self.runs, self.folders, self.machine, clock)
        self.logs = RunLogs(self._store, self.folders)
        self.uploads = Uploads(self.folders, clock)
        self.scenarios = Scenarios(ScenarioDatasets(self.datasets.shelf, clock))
        self.own_scenarios = OwnScenarios(self.folders.scenarios, self.uploads)
        self.imports = Imports(self.datasets, self.scenarios, self.uploads, self.folders, clock)
        self.tokens = Tokens(self.datasets, self.models)
        self.versions = Versions(self._store)
        making = ExportMaking(self._store, self.folders, ExportProcesses(self.folders), clock, self._cores)
        self.exports = Exports(self._store, self.folders, making, clock)
        self.ollama = OllamaModels(self.exports, settings.ollama_url)
        self.sessions = Sessions(self._store, self.folders, clock)
        kept = NotificationSettingsFile(self.folders)
        sending = NoticeDelivery(self._store, self.folders, kept, clock, NoticeChannels(settings, clock).send)
        self.notifications = Notifications(self._store, self.folders, kept, sending, clock)
        self.inference = Inference(self.folders)
        self.chat = Chat(self._store, self.models, self.inference)
        self.derivations = Derivations(self.datasets, self.quality, self.chat, clock)
        self.backups = Backups(self._store, self.folders, clock)
        self.backup_jobs = BackupJobs(self.backups, self.folders, clock)
        self.dataset_jobs = DatasetJobs(self.datasets, self.quality, self.derivations, self.folders, clock)

    def keep_supervised(self) -> None:
        """Starts a supervisor when a run needs one and none is alive. Cheap; long-lived faces call it now and then."""
        if self.runs.any_unfinished():
            self._wake()

    def notifying(self) -> Notifying:
        """A context in which notices are made and delivered; a long-lived face enters it."""
        return notifying(self._store, self.folders, self.settings, self.clock)

    def _free_memory(self) -> float:
        return self.machine.get().available_bytes

    def _cores(self) -> int:
        return self.machine.get().cores

    def _wake(self) -> None:
        ensure_supervisor(self.settings, self.folders)

    def close(self) -> None:
        self.measuring.close()
        self.imports.close()
        self.dataset_jobs.close()
        self.backup_jobs.close()
        self.exports.close()
        self.inference.close()
        self._store.close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_workspace(home: Path | str | None = None, settings: Settings | None = None) -> Workspace:
    """Also picks up what an earlier session left unfinished: a run whose supervisor is gone gets a new one."""
    settings = settings or Settings()
    if home is not None:
        settings = settings.model_copy(update={"home": Path(home)})
    workspace = Workspace(settings, SystemClock())
    workspace.keep_supervised()
    return workspace


def _lay_out(folders: Folders) -> None:
    for folder in (folders.root, folders.models, folders.runs, folders.locks, folders.logs, folders.secrets):
        folder.mkdir(parents=True, exist_ok=True)
    folders.secrets.chmod(0o700)
    if not folders.marker.exists():
        write_json(folders.marker, {"format": FORMAT, "id": new_id("ws")})
