"""After training on the command line: a folder of scenes becomes one small file, and two tuned models become one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.domain.exports import Export
from tests.builders.models import a_model_folder
from tests.cli.running import Cli
from tests.data.scenarios.builders import GOOD

pytestmark = pytest.mark.slow

WOODS = ("oak", "ash", "elm", "maple", "spruce")
LIMIT_BYTES = 300_000


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    folder = tmp_path / "desk"
    folder.mkdir()
    a_model_folder(folder / "tiny", max_position_embeddings=4096)
    cli = Cli(tmp_path / "workspace", folder)
    yield cli
    cli.close()


def test_a_folder_of_scenes_becomes_one_file_below_a_size_in_one_command(cli: Cli) -> None:
    scenes = cli.folder / "scenes"
    scenes.mkdir()
    (scenes / "ferry.md").write_text(GOOD)
    command = ("scenarios", "build", "scenes", "--base", "tiny", "--vary", "12", "--set", "max_steps=4")
    limit = ("--max-size", f"{LIMIT_BYTES // 1000}kB", "--out", "phone", "--json")
    built = cli(*command, *limit, timeout=280)
    assert built.code == 0, built.err
    file = Path(built.document["file"])
    assert file.read_bytes()[:4] == b"GGUF"
    assert file.stat().st_size == built.document["bytes"] <= LIMIT_BYTES
    parity = Export.model_validate_json(Path(built.document["report"]).read_text()).parity
    assert parity and all(report.passed for report in parity)
    again = cli(*command, *limit, timeout=120)
    assert again.document == built.document, "repeated, it finds all that was made"


def test_two_tuned_models_become_one_that_is_measured_and_asked(cli: Cli) -> None:
    for number, wood in enumerate(WOODS[:2]):
        rows = [{"prompt": f"{row} {wood}", "completion": json.dumps({wood: row})} for row in range(30)]
        (cli.folder / f"{wood}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        steps = ("--set", "max_steps=6", "--set", f"seed={number}", "--name", wood)
        trained = cli("train", "--data", f"{wood}.jsonl", "--base", "tiny", *steps, timeout=200)
        assert trained.code == 0, trained.err
    merged = cli("exports", "merge", "oak", "ash", "--name", "both", "--json", timeout=200)
    assert merged.code == 0, merged.err
    version = merged.document
    assert [parent["label"] for parent in version["parents"]] == ["oak@0.1.0", "ash@0.1.0"]
    assert version["merging"]["how"] == "linear"
    assert version["summary"], "it was measured on what both had never seen"
    said = cli("chat", "both", "--prompt", "3 oak", "--max-tokens", "4")
    assert said.code == 0, said.err
