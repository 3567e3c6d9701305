import socket
import subprocess
import sys
from pathlib import Path

import pytest

from luthier.planning.installed import TorchBuild, look_around, torch_build


@pytest.mark.parametrize(
    ("content", "build"),
    [
        (
            "from typing import Optional\n__version__ = '2.13.0+cpu'\ndebug = False\n"
            "cuda: Optional[str] = None\nhip: Optional[str] = None\n",
            TorchBuild(version="2.13.0+cpu"),
        ),
        ("__version__ = '2.9.0+cu128'\ncuda: Optional[str] = '12.8'\n", TorchBuild(version="2.9.0+cu128", cuda="12.8")),
        ("__version__ = '2.9.0'\nhip = '6.4.43482'\ncuda = None\n", TorchBuild(version="2.9.0", rocm="6.4.43482")),
    ],
)
def test_what_torch_was_built_for_stands_in_its_version_file(tmp_path: Path, content: str, build: TorchBuild) -> None:
    path = tmp_path / "version.py"
    path.write_text(content)
    assert torch_build(path) == build


@pytest.mark.parametrize("content", ["", "this is no python (", "__version__ = compute()\n", "\x00"])
def test_a_version_file_that_says_nothing_is_not_taken_for_an_answer(tmp_path: Path, content: str) -> None:
    path = tmp_path / "version.py"
    path.write_text(content)
    build = torch_build(path)
    assert build is not None and not build.readable
    assert torch_build(tmp_path / "absent.py") == build


def test_software_is_found_without_importing_it() -> None:
    program = (
        "import sys\nfrom luthier.planning.installed import look_around\nfound = look_around()\n"
        "assert found.torch and found.torch.version and found.packages['peft']\n"
        "print(sorted({'torch', 'transformers', 'peft', 'bitsandbytes', 'keyring'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"


def test_a_server_that_runs_is_found_by_its_port() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", 11434))
        except OSError:
            pytest.skip("something else uses the port of Ollama here")
        server.listen()
        assert 11434 in look_around().answering
