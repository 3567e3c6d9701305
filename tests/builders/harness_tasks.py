"""Tasks of lm-evaluation-harness whose data lies beside them: sums that are chosen, and sums that are written."""

import json
from pathlib import Path

_CHOSEN = """\
task: luthier_sums
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{sum}}}} ="
doc_to_choice: ["2", "4", "9"]
doc_to_target: "{{{{at}}}}"
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
"""
_WRITTEN = """\
task: luthier_written
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{sum}}}}?"
doc_to_target: "It is {{{{result}}}}."
generation_kwargs: {{until: ["\\n"], max_gen_toks: 8}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""
_SUMS = (("1 + 1", 2, 0), ("2 + 2", 4, 1), ("4 + 5", 9, 2))


def harness_tasks(folder: Path) -> None:
    """`luthier_sums` and `luthier_written`."""
    folder.mkdir(parents=True)
    data = folder / "sums.jsonl"
    data.write_text("".join(json.dumps({"sum": each, "result": result, "at": at}) + "\n" for each, result, at in _SUMS))
    for name, text in (("chosen", _CHOSEN), ("written", _WRITTEN)):
        (folder / f"{name}.yaml").write_text(text.format(data=data))
