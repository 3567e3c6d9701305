"""Exports are made in the background, proven, kept whole or not at all, and removed with their files."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import orjson
import pytest

from luthier.domain.background import WorkState
from luthier.domain.errors import Problem, ReportedProblem
from luthier.domain.exports import (
    Export,
    ExportBusy,
    ExportDone,
    ExportNotFound,
    ExportRequest,
    ExportUnsupported,
    Form,
)
from luthier.domain.jobs import Progress
from luthier.domain.parity import ExportDiffers
from luthier.domain.versions import Version
from luthier.engine.__main__ import main as engine
from luthier.export.__main__ import main as export
from luthier.kit.clock import SystemClock
from luthier.kit.files import MANIFEST_NAME
from luthier.services.background import OnProgress
from luthier.services.export_making import ExportMaking
from luthier.services.exports import Exports
from luthier.services.folders import Folders
from luthier.store import Store
from tests.builders import a_version
from tests.builders.exports import an_adapter_folder, some_examples
from tests.builders.models import a_model_folder
from tests.export.planting import changed_metadata

_MAINS = {"luthier.export": export, "luthier.engine": engine}


class InThisProcess:
    """Does what the processes of an export do, without starting any; `before` is called between them."""

    def __init__(self) -> None:
        self.before: Callable[[str, Path, OnProgress], None] = lambda step, folder, tell: None

    def run(self, module: str, arguments: list[str], log: Path, tell: OnProgress) -> None:
        self.before(arguments[0], Path(arguments[1]), tell)
        said = io.TextIOWrapper(io.BytesIO())
        with redirect_stdout(said):
            _MAINS[module](arguments)
        for line in said.buffer.getvalue().splitlines():  # type: ignore[attr-defined]
            told = orjson.loads(line)
            if "problem" in told:
                raise ReportedProblem(Problem.model_validate(told["problem"]))
            tell(Progress.model_validate(told["progress"]))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A base and an adapter for it."""
    folder = tmp_path_factory.mktemp("tiny")
    base = a_model_folder(folder / "base")
    return base, an_adapter_folder(base, folder / "adapter")


@pytest.fixture
def version(store: Store, folders: Folders, tiny: tuple[Path, Path]) -> Version:
    made = a_version(base_folder=str(tiny[0]), adapter_folder=str(tiny[1]))
    run = folders.run(made.run_id)
    some_examples(run.root / "data").rename(run.held_out_file)
    with store.writing() as tx:
        tx.versions.add(made)
    return made


@pytest.fixture
def processes() -> InThisProcess:
    return InThisProcess()


@pytest.fixture
def exports(store: Store, folders: Folders, processes: InThisProcess) -> Iterator[Exports]:
    clock = SystemClock()
    opened = Exports(store, folders, ExportMaking(store, folders, processes, clock, lambda: 1), clock)
    yield opened
    opened.close()


def silently(progress: Progress) -> None:
    """Nobody watches."""


def request(form: Form = "gguf", quant: str = "F16") -> ExportRequest:
    return ExportRequest.of(form, quant)


@pytest.mark.parametrize("form", ["gguf", "hub", "ollama"])
def test_an_export_is_made_proven_and_kept_with_everything_that_belongs_to_it(
    exports: Exports, version: Version, form: Form
) -> None:
    made = exports.make_here(version.label, request(form), silently)
    assert made.state is WorkState.DONE
    assert [report.passed for report in made.parity] == [True, True]
    assert made.performance is not None and made.performance.tokens_per_second > 0
    assert {file.name for file in made.files} == {
        path.relative_to(made.folder).as_posix() for path in Path(made.folder).rglob("*") if path.is_file()
    }
    assert (Path(made.folder).parent / MANIFEST_NAME).is_file()
    assert made.commands
    assert exports.list(version.version_id) == [made]


def test_a_card_says_what_was_measured_and_under_which_licence(exports: Exports, version: Version) -> None:
    made = exports.make_here(version.label, request("hub"), silently)
    card = (Path(made.folder) / "README.md").read_text("utf-8")
    assert "license: apache-2.0" in card
    assert "base_model: HuggingFaceTB/SmolLM2-135M-Instruct" in card
    assert "perplexity:" in card


def test_what_says_something_else_is_not_kept_and_the_reason_is_told(
    exports: Exports, version: Version, processes: InThisProcess, folders: Folders
) -> None:
    def plant(step: str, folder: Path, tell: OnProgress) -> None:
        if step == "llama":
            (file,) = (folder / "files").glob("*.gguf")
            changed_metadata(file, "tokenizer.chat_template", lambda text: text.replace("assistant", "model"))

    processes.before = plant
    with pytest.raises(ExportDiffers, match="template: it writes a question otherwise"):
        exports.make_here(version.label, request(), silently)
    assert exports.list() == []
    assert not folders.exports.exists()


def test_an_export_in_the_background_can_be_called_off_and_begun_again(
    exports: Exports, version: Version, processes: InThisProcess
) -> None:
    with held_up(processes) as arrived:
        begun = exports.make(version.label, request())
        arrived.wait(60)
        assert exports.get(begun.export_id).state is WorkState.RUNNING
        with pytest.raises(ExportBusy):
            exports.remove(begun.export_id)
        exports.cancel(begun.export_id)
        assert ended(exports, begun).state is WorkState.CANCELLED
    processes.before = lambda step, folder, tell: None
    exports.begin_again(begun.export_id)
    assert ended(exports, begun).state is WorkState.DONE
    with pytest.raises(ExportDone):
        exports.begin_again(begun.export_id)


def test_ctrl_c_leaves_nothing_that_could_be_gone_on_with(exports: Exports, version: Version, folders: Folders) -> None:
    def interrupted(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exports.make_here(version.label, request(), interrupted)
    (left,) = exports.list()
    assert left.state is WorkState.CANCELLED
    assert not list(folders.export_work.glob("*/files"))
    assert not list(folders.exports.glob("*"))


def test_removing_an_export_takes_its_files_and_leaves_the_version(exports: Exports, version: Version) -> None:
    made = exports.make_here(version.label, request(), silently)
    exports.remove(made.export_id)
    assert not Path(made.folder).exists()
    with pytest.raises(ExportNotFound):
        exports.get(made.export_id)


@pytest.mark.parametrize(
    ("wanted", "what"),
    [(request(quant="Q9_9"), "there is no kind Q9_9; there are F32"), (request("gguf-adapter", "Q4_0"), "is kept as")],
)
def test_what_cannot_be_made_is_refused_with_what_can(
    exports: Exports, version: Version, wanted: ExportRequest, what: str
) -> None:
    with pytest.raises((ExportUnsupported, ReportedProblem), match=what):
        exports.make_here(version.label, wanted, silently)


def test_layers_go_only_where_no_type_is_small_enough_and_only_when_that_is_allowed(
    exports: Exports, version: Version
) -> None:
    small = ExportRequest(form="gguf", at_most_bytes=1)
    with pytest.raises(ReportedProblem, match="cannot be reached") as refused:
        exports.make_here(version.label, small, silently)
    smallest = int(str(refused.value.problem.fields["smallest_argument"]).removesuffix("B"))
    allowed = ExportRequest(form="gguf", at_most_bytes=smallest - 1, allow_pruning=True)
    made = exports.make_here(version.label, allowed, silently)
    assert made.bytes < smallest
    assert made.pruned is not None and len(made.pruned.layers) == 1
    assert "without the layers" in made.parity[-1].compared
    roomy = allowed.model_copy(update={"at_most_bytes": smallest})
    assert exports.make_here(version.label, roomy, silently).pruned is None


def test_a_whole_model_has_no_adapter_to_be_kept_apart(exports: Exports, store: Store) -> None:
    with store.writing() as tx:
        tx.versions.add(a_version(name="whole", kind="model"))
    with pytest.raises(ExportUnsupported, match="whole model"):
        exports.make("whole", request("gguf-adapter"))


@contextmanager
def held_up(processes: InThisProcess) -> Iterator[threading.Event]:
    """The work waits at its first step, telling how far it is, until it is called off."""
    arrived, leave = threading.Event(), threading.Event()

    def wait(step: str, folder: Path, tell: OnProgress) -> None:
        arrived.set()
        while not leave.wait(0.02):
            tell(Progress(what="waiting", done=0, total=0))

    processes.before = wait
    try:
        yield arrived
    finally:
        leave.set()


def ended(exports: Exports, begun: Export) -> Export:
    while (export := exports.get(begun.export_id)).state.is_open:
        threading.Event().wait(0.02)
    return export
