"""The composition root, and the Python library: settings in, services out."""

from contextlib import AbstractContextManager
from pathlib import Path

from luthier.connectors.dataset_sources import DatasetSources
from luthier.connectors.judge import judge_endpoint
from luthier.kit.clock import Clock, SystemClock
from luthier.kit.files import write_json
from luthier.kit.ids import new_id
from luthier.orchestration.demos import Demos
from luthier.orchestration.exporting import ExportProcesses
from luthier.orchestration.guests.speaking import Guests
from luthier.orchestration.inference import Inference
from luthier.orchestration.launch import ensure_supervisor
from luthier.orchestration.measuring import Measuring
from luthier.orchestration.notifying import Notifying, notifying
from luthier.orchestration.serving import server_of
from luthier.orchestration.tracing import trace_base
from luthier.planning.knowledge import Preferences, Tariff
from luthier.services.backup_jobs import BackupJobs
from luthier.services.backups import Backups
from luthier.services.blind_votes import BlindVotes
from luthier.services.calibration import Calibrations
from luthier.services.chat import Chat
from luthier.services.chat_examples import ChatExamples
from luthier.services.chats import Chats
from luthier.services.checkpoint_results import CheckpointResults
from luthier.services.checks import Checks
from luthier.services.comparisons import Comparisons
from luthier.services.counting import ExampleCounting
from luthier.services.curves import Curves
from luthier.services.dataset_jobs import DatasetJobs
from luthier.services.datasets import Datasets
from luthier.services.deployments import Deployments
from luthier.services.derivations import Derivations
from luthier.services.disk_watch import DiskWatch
from luthier.services.doctor import Doctor
from luthier.services.downloads import Downloads
from luthier.services.drafts import Drafts
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.evaluation_harness import HarnessEvaluating
from luthier.services.evaluation_making import EvaluationMaking
from luthier.services.evaluations import Evaluations
from luthier.services.export_making import ExportMaking
from luthier.services.exports import Exports
from luthier.services.first_steps import FirstStepsTaken
from luthier.services.folders import Folders
from luthier.services.gates import Gates
from luthier.services.help import Help
from luthier.services.imports import Imports
from luthier.services.kept_settings import KeptSettings
from luthier.services.keys import Keys
from luthier.services.live_plans import LivePlans
from luthier.services.machine import MachineProfile
from luthier.services.merge_proof import MergeProof
from luthier.services.merging import Merging
from luthier.services.model_browser import ModelBrowser
from luthier.services.model_comparison import ModelComparisons
from luthier.services.model_removal import ModelRemoval
from luthier.services.models import Models
from luthier.services.notice_channels import delivery
from luthier.services.notification_settings import NotificationSettingsFile
from luthier.services.notifications import Notifications
from luthier.services.ollama import OllamaModels
from luthier.services.overviews import Overviews
from luthier.services.own_scenarios import OwnScenarios
from luthier.services.plans import Plans
from luthier.services.presets import Presets
from luthier.services.previews import Previews
from luthier.services.process_logs import ProcessLogs
from luthier.services.profiles import Profiles
from luthier.services.quality import Quality
from luthier.services.queue import Queue
from luthier.services.removed_scenarios import RemovedScenarios
from luthier.services.retention import Retention
from luthier.services.rollouts import Rollouts
from luthier.services.run_history import History
from luthier.services.run_logs import RunLogs
from luthier.services.run_quality import QualityReports
from luthier.services.runs import Runs
from luthier.services.samples import Samples
from luthier.services.scenario_builds import ScenarioBuilds
from luthier.services.scenario_datasets import ScenarioDatasets
from luthier.services.scenarios import Scenarios
from luthier.services.search import Search
from luthier.services.sessions import Sessions
from luthier.services.suites import Suites
from luthier.services.sweeps import Sweeps
from luthier.services.tokens import Tokens
from luthier.services.traces import Traces
from luthier.services.updates import Updates
from luthier.services.uploads import Uploads
from luthier.services.versions import Versions
from luthier.services.whole_models import WholeModels
from luthier.settings import Settings
from luthier.store import Store, open_store

FORMAT = 1  # of the folder's layout; a workspace of a newer one is left untouched


class Workspace:
    """Everything of one user or team, in one folder. Made by `luthier.open()`; safe to use from several threads."""

    def __init__(self, given: Settings, clock: Clock) -> None:
        """`given` is what the environment and the caller say; the workspace's own settings stand below it."""
        self.clock = clock
        self.folders = Folders(given.workspace_folder)
        _lay_out(self.folders)
        self.kept_settings = KeptSettings(given, self.folders)
        self.settings = settings = self.kept_settings.read()  # as they are now; `kept_settings.current()` follows
        history = History(self.folders, clock)
        self._store = open_store(settings.database_url or self.folders.database, recorder=history)
        self.datasets = Datasets(self._store, self.folders, clock, DatasetSources(settings, clock))
        self.models = Models(settings, self.folders, clock)
        self.quality = Quality(self.datasets, self.models, self.folders, clock)
        self.machine = MachineProfile(self.folders, clock, runs_at_once=settings.runs_at_once)
        self.measuring = Measuring(self.folders, self.machine, clock)
        self.plans = self._plans()
        self.queue = Queue(self._store, self.folders, self.machine)
        self.runs = Runs(self._store, self.folders, self.plans, clock, wake=self._wake)
        self._before_a_run()
        self.doctor = Doctor(self._store, self.runs, self.folders, self.machine, clock)
        self.logs = RunLogs(self._store, self.folders)
        self.process_logs = ProcessLogs(self.folders)
        self.uploads = Uploads(self.folders, clock)
        self.scenarios = Scenarios(ScenarioDatasets(self.datasets.shelf, clock))
        self.own_scenarios = OwnScenarios(self.folders.scenarios, self.uploads)
        self.removed_scenarios = RemovedScenarios(self.own_scenarios)
        self.checks = Checks(self.datasets, self.uploads, self.folders, clock)
        self.imports = Imports(self.datasets, self.scenarios, self.uploads, self.folders, clock)
        self.tokens = Tokens(self.datasets, self.models)
        self.versions = Versions(self._store, self.folders, self.runs, clock)
        self.disk = DiskWatch(self._store, self.folders, self.model_removal, clock)
        processes = ExportProcesses(self.folders)
        self.exports = Exports(
            self._store, self.folders, ExportMaking(self._store, self.folders, processes, clock, self._cores), clock
        )
        self.scenario_builds = ScenarioBuilds(self.scenarios, self.datasets, self.runs, self.exports)
        self.ollama = OllamaModels(self.exports, settings.ollama_url)
        self.sessions = Sessions(self._store, self.folders, clock)
        self.notifications = _notifications(self._store, self.folders, settings, clock)
        self.keys = Keys(self._store, clock)
        self._open_models(settings, clock, processes)
        self.overviews = Overviews(self._store, self.queue, self.folders, clock)
        self.updates = Updates(settings, self.kept_settings.current, self.folders, clock)
        self.retention = Retention(self._store, self.folders, self.kept_settings.current, clock)
        self.derivations = Derivations(self.datasets, self.quality, self.chat, clock)
        self.backups = Backups(self._store, self.folders, clock)
        self.backup_jobs = BackupJobs(self.backups, self.folders, clock)
        self.dataset_jobs = DatasetJobs(self.datasets, self.quality, self.derivations, self.folders, clock)
        self._open_what_only_looks()

    def _open_what_only_looks(self) -> None:
        self.curves = Curves(self._store)
        self.samples = Samples(self._store)
        self.comparisons = Comparisons(self.runs)
        self.help = Help()
        self.search = Search(self._store)
        self.first_steps = FirstStepsTaken(self._store, self.folders)

    def _before_a_run(self) -> None:
        """What a run is put together with."""
        self.model_browser = ModelBrowser(self.models, self.machine, self.folders, self.clock, self._preferences)
        self.downloads = Downloads(self.models, self.folders, self.clock)
        self.drafts = Drafts(self.runs, self.folders, self.clock)
        self.model_removal = ModelRemoval(self._store, self.models, self.drafts, self.clock)
        self.model_comparisons = ModelComparisons(self.models, self.model_browser, Profiles(self.folders))
        self.presets = Presets(self.drafts, self.folders, self.clock)
        processes = ExportProcesses(self.folders)
        self._counting = ExampleCounting(self.datasets, processes.count, self.folders, self.clock)
        self.live_plans = LivePlans(self.plans, self.models, self._counting)
        looking = processes.preview
        self.previews = Previews(self.datasets, self.models, self.live_plans, looking, self.folders, self.clock)
        self.sweeps = Sweeps(self.live_plans)

    def keep_supervised(self) -> None:
        """Starts a supervisor when a run needs one and none is alive. Cheap; long-lived faces call it now and then."""
        if self.runs.any_unfinished():
            self._wake()

    def notifying(self) -> Notifying:
        """A context in which notices are made and delivered; a long-lived face enters it."""
        return notifying(self._store, self.folders, self.settings, self.clock)

    def served(self) -> AbstractContextManager[str]:
        """A context in which a server of this workspace runs; yields its address. Raises ServerNotStarted."""
        return server_of(self.folders)

    def _open_models(self, settings: Settings, clock: Clock, processes: ExportProcesses) -> None:
        """What asks models, and what needs their answers."""
        self.inference = Inference(self.folders, settings)
        checkpoints = CheckpointResults(self.folders, processes)
        self.chat = Chat(self._store, self.models, self.inference, settings.inference_precision, checkpoints)
        guests = Guests(self.folders, offline=settings.offline)
        self._open_evaluations(guests)
        self.deployments = Deployments(self._store, self.versions, self.chat, clock, self.gates)
        self.rollouts = Rollouts(self.deployments, self.folders, clock)
        proof = MergeProof(self.chat, self.runs, self.folders, clock)
        whole_models = WholeModels(guests)
        self.merging = Merging(self._store, self.folders, self.versions, processes, proof, whole_models, clock)
        address = f"http://{settings.host}:{settings.port}"
        self.demos = Demos(self.folders, self.versions, self.exports, self.chat, self.keys, address)
        self.chats = Chats(self._store, self.chat, clock)
        self.chat_examples = ChatExamples(self.chats, self.datasets, clock)

    def _open_evaluations(self, guests: Guests) -> None:
        self.suites = Suites(self.datasets, self.folders)
        harness, deepeval = HarnessEvaluating(guests, self.folders), DeepEvalScoring(guests, self.folders)
        judge = judge_endpoint(self.settings)
        making = EvaluationMaking(self._store, self.suites, self.chat, judge, harness, deepeval, self.clock)
        self.evaluations = Evaluations(self._store, self.folders, making, self.clock)
        self.blind_votes = BlindVotes(self._store, self.evaluations)
        self.gates = Gates(self._store, self.suites)
        self.quality_reports = QualityReports(self._store, self.folders)

    def _plans(self) -> Plans:
        return Plans(
            self.datasets,
            self.models,
            self.machine,
            Traces(self.folders, trace_base),
            Calibrations(self._store, self.folders),
            Profiles(self.folders),
            self._preferences,
        )

    def _preferences(self) -> Preferences:
        settings = self.kept_settings.current()
        tariff = Tariff(settings.electricity_price, settings.currency, settings.region)
        return Preferences(tariff, None if settings.training_device == "best" else settings.training_device)

    def _cores(self) -> int:
        return self.machine.get().cores

    def _wake(self) -> None:
        ensure_supervisor(self.kept_settings.given, self.folders)

    def close(self) -> None:
        self.measuring.close()
        self.checks.close()
        self.imports.close()
        self.previews.close()
        self._counting.close()
        self.dataset_jobs.close()
        self.downloads.close()
        self.backup_jobs.close()
        self.exports.close()
        self.merging.close()
        self.evaluations.close()
        self.rollouts.close()
        self.inference.close()
        self._store.close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _notifications(store: Store, folders: Folders, settings: Settings, clock: Clock) -> Notifications:
    kept = NotificationSettingsFile(folders)
    sending = delivery(store, folders, settings, clock)
    return Notifications(store, folders, kept, sending, clock)


def open_workspace(home: Path | str | None = None, settings: Settings | None = None) -> Workspace:
    """Also picks up what an earlier session left unfinished: a run whose supervisor is gone gets a new one."""
    settings = settings or Settings()
    if home is not None:
        settings = settings.model_copy(update={"home": Path(home)})
    workspace = Workspace(settings, SystemClock())
    workspace.keep_supervised()
    return workspace


def kept_settings_of(home: Path | None = None) -> KeptSettings:
    """The settings of a workspace that need not be opened, because a damaged file of them would prevent that."""
    given = Settings() if home is None else Settings().model_copy(update={"home": home})
    return KeptSettings(given, Folders(given.workspace_folder))


def _lay_out(folders: Folders) -> None:
    for folder in (folders.root, folders.models, folders.runs, folders.locks, folders.logs, folders.secrets):
        folder.mkdir(parents=True, exist_ok=True)
    folders.secrets.chmod(0o700)
    if not folders.marker.exists():
        write_json(folders.marker, {"format": FORMAT, "id": new_id("ws")})
