"""Law 46: a demo starts and answers, and can be stopped."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client

import luthier
from luthier.domain.background import WorkState
from luthier.domain.demos import DemoKindWrong, DemoNeedsFile, DemoNotFound, DemoWanted, demo_wanted
from luthier.domain.exports import Export, ExportFile, ExportRequest
from luthier.kit.files import read_json
from luthier.settings import Settings
from luthier.store import Store, open_store
from luthier.workspace import Workspace
from tests.builders.gguf_files import a_gguf_file
from tests.builders.moments import a_moment
from tests.services.registered import registered


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with luthier.open(settings=Settings(home=tmp_path / "home", offline=True)) as opened:
        yield opened


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    opened = open_store(workspace.folders.database)
    yield opened
    opened.close()


def an_export(store: Store, version_id: str, folder: Path) -> str:
    folder.mkdir()
    a_gguf_file(folder / "tuned.gguf")
    export = Export(
        export_id="exp_01demo",
        version="orders@0.1.0",
        version_id=version_id,
        request=ExportRequest(form="gguf"),
        state=WorkState.DONE,
        begun_at=a_moment(),
        folder=str(folder),
        files=(ExportFile(name="tuned.gguf", bytes=(folder / "tuned.gguf").stat().st_size, sha256="00"),),
    )
    with store.writing() as tx:
        tx.exports.add(export)
    return export.export_id


def test_the_folder_of_a_demo_holds_all_that_it_needs(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    version = registered(store, workspace.folders)
    with pytest.raises(DemoNotFound):
        workspace.demos.get("orders")
    export = an_export(store, version.version_id, tmp_path / "files")
    demo = workspace.demos.write("orders", DemoWanted(title="The clerk"), export)
    folder = Path(demo.folder)
    assert sorted(path.name for path in folder.iterdir()) == ["app.py", "demo.json", "model.gguf", "requirements.txt"]
    compile((folder / "app.py").read_text(), "app.py", "exec")
    assert read_json(folder / "demo.json")["title"] == "The clerk"
    assert "xllamacpp" in (folder / "requirements.txt").read_text()
    plain = workspace.demos.write("orders", demo_wanted("text", "json"))
    assert plain.facts.model_file == ""
    assert plain.facts.address.endswith("/v1")
    assert "xllamacpp" not in (folder / "requirements.txt").read_text()


def test_the_file_of_another_version_and_unknown_kinds_are_refused(
    workspace: Workspace, store: Store, tmp_path: Path
) -> None:
    registered(store, workspace.folders)
    other = registered(store, workspace.folders, name="other")
    export = an_export(store, other.version_id, tmp_path / "files")
    with pytest.raises(DemoNeedsFile):
        workspace.demos.write("orders", DemoWanted(), export)
    with pytest.raises(DemoKindWrong, match="smell"):
        demo_wanted("smell", "text")


def test_without_gradio_the_exact_command_that_installs_it_is_said(workspace: Workspace, store: Store) -> None:
    registered(store, workspace.folders)
    demo = workspace.demos.write("orders", DemoWanted())
    start = f"import luthier; luthier.open({str(workspace.folders.root)!r}).demos.start('orders')"
    told = "print(*(action.command for action in missing.problem.actions), sep='\\n')"
    program = "\n".join(
        (
            "import sys",
            "sys.modules['gradio'] = None",  # as if it were not installed
            "from luthier.domain.demos import GradioMissing",
            f"try: {start}",
            f"except GradioMissing as missing: {told}",
        )
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert said[0] == "pip install 'luthier[gradio]'"
    assert f"{demo.folder}/requirements.txt" in said[1]


def test_a_demo_starts_answers_and_stops(workspace: Workspace, store: Store, tmp_path: Path) -> None:
    version = registered(store, workspace.folders)
    export = an_export(store, version.version_id, tmp_path / "files")
    workspace.demos.write("orders", demo_wanted("text", "text"), export)
    demo = workspace.demos.start("orders")
    try:
        assert workspace.demos.get("orders").url == demo.url
        assert Client(demo.url, verbose=False).predict("abc", api_name="/answer")
    finally:
        workspace.demos.stop("orders")
    assert workspace.demos.get("orders").url == ""
