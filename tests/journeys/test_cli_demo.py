"""The first thing a person tries: `luthier demo`, small but honest, on the real starter model."""

from pathlib import Path

import pytest

from tests.cli.running import Cli


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("all_cores")
def test_the_quick_demo_proves_that_the_tuned_model_is_better(tmp_path: Path, starter_folder: Path) -> None:
    cli = Cli(tmp_path / "workspace", tmp_path)
    try:
        answer = cli("demo", "--quick", "--base", str(starter_folder), "--json", timeout=880)
        assert answer.code == 0, answer.err
        result = answer.document
        assert result["base_exact_match"] <= 0.1
        assert result["tuned_exact_match"] >= 0.4
        assert result["better"] is True
        assert result["intervals"]["base"][1] < result["intervals"]["tuned"][0]
        assert result["losses"][-1] < 0.2 * result["losses"][0]
        assert result["tokens"] > 100 * len(result["losses"])
        assert min(result["tokens_per_second"], result["peak_memory_bytes"], result["seconds"]) > 0
        assert (Path(result["adapter_path"]) / "adapter_model.safetensors").is_file()
        assert result["version"] == "workshop-orders@0.1.0"
        assert cli("runs", "show", result["run_id"], "--json").document["state"] == "completed"
        asked = "2 ebony pegs for Ann Cole by May 3, 2027, please."
        talk = cli("chat", result["version"], "--against", str(starter_folder), "--prompt", asked, "--json").document
        assert talk["system"] == "Turn the order into JSON with customer, items and due date."
        assert talk["answer"].startswith('{"customer":')
        for step in ("1. The examples", "2. The base model", "3. The plan", "Preflight", "What next"):
            assert step in answer.err
    finally:
        cli.close()
