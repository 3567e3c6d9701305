"""The command line client `llm` against a running server, set up as the guide says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import openai
import pytest

from luthier.workspace import Workspace
from tests.server.v1.conftest import TINY

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "serving.md"
QUESTION = (
    "prompt",
    "-m",
    "orders",
    "Good morning",
    "-s",
    "Be brief.",
    "-o",
    "temperature",
    "0",
    "-o",
    "max_tokens",
    "12",
)


@pytest.fixture
def home(served: tuple[Workspace, str], client: openai.OpenAI, tmp_path: Path) -> Path:
    """The folder of `llm`: the lines of the guide with the address of this server, and the key under its name there."""
    (lines,) = re.findall(r"`extra-openai-models\.yaml`:\n\n```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    _, address = served
    lines = lines.replace("http://127.0.0.1:8765", address).replace("orders@0.1.0", TINY)
    (tmp_path / "extra-openai-models.yaml").write_text(lines)
    (tmp_path / "keys.json").write_text(json.dumps({"luthier": client.api_key}))
    return tmp_path


def llm(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LLM_USER_PATH": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "llm", *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_lines_of_the_guide_give_a_model_that_answers_whole_streamed_and_in_a_conversation(
    home: Path, client: openai.OpenAI
) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Good morning"}]
    asked = client.chat.completions.create(model=TINY, messages=messages, max_tokens=12, temperature=0)  # type: ignore[arg-type]
    expected = (asked.choices[0].message.content or "").strip()
    whole, streamed = llm(home, *QUESTION, "--no-stream"), llm(home, *QUESTION)
    assert (whole.stderr, streamed.stderr) == ("", "")
    assert whole.stdout.strip() == streamed.stdout.strip() == expected != ""
    assert llm(home, "prompt", "-c", "And now?", "-o", "max_tokens", "4").returncode == 0
    told = json.loads(llm(home, "logs", "--json", "-n", "3").stdout)
    assert asked.usage is not None
    assert [each["model"] for each in told] == ["orders"] * 3
    assert told[0]["output_tokens"] == told[1]["output_tokens"] == asked.usage.completion_tokens
    assert told[2]["conversation_id"] == told[1]["conversation_id"]
    assert told[2]["input_tokens"] > told[1]["input_tokens"]  # what was said before went along


def test_a_wrong_key_is_told_in_the_words_of_the_server(home: Path) -> None:
    (home / "keys.json").write_text(json.dumps({"luthier": "lk_wrong"}))
    refused = llm(home, *QUESTION)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: Error code: 401")
    assert (
        "The API key that was sent is none of this workspace's" in refused.stderr and "Traceback" not in refused.stderr
    )
