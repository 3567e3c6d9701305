"""The model card of an export: what it was made from, what was measured, under which licence, at which cost."""

from collections.abc import Iterator
from typing import Any

import yaml

from luthier.connectors.starter import starter_facts
from luthier.domain.evaluations import EvaluationReport, Rate
from luthier.domain.exports import Export
from luthier.domain.versions import Version
from luthier.kit.files import read_json
from luthier.kit.units import show_percent
from luthier.services.folders import RunFolder
from luthier.services.models import STARTER


def model_card(version: Version, export: Export, run: RunFolder) -> str:
    """What is not known, because its run is gone, is left out."""
    parts = [_front(version, export), f"# {version.label}\n", *_made_from(version, export), *_measured(run)]
    parts += [*_parity(export), *_cost(run), *_recipe(run)]
    return "\n".join(parts)


def base_name(version: Version) -> str:
    """As others know it."""
    return starter_facts().hub.repository if version.base_name == STARTER else version.base_name


def _front(version: Version, export: Export) -> str:
    is_adapter = export.request.form == "hub" and version.kind == "adapter"
    facts = {
        "base_model": base_name(version),
        "base_model_relation": "adapter" if is_adapter else "finetune",
        "library_name": "peft" if is_adapter else "transformers",
        "license": version.licence.lower(),
        "pipeline_tag": "text-generation",
        "tags": ["luthier"],
    }
    return f"---\n{yaml.safe_dump(facts, sort_keys=False)}---\n"


def _made_from(version: Version, export: Export) -> Iterator[str]:
    yield f"Tuned from {base_name(version)} (weights {version.base_revision[:16]}, licence {version.licence})."
    yield f"The data is {version.dataset_id}; the adapter's checksum is {version.adapter_sha256[:16]}.\n"
    yield f"Exported as {export.request.form}. Made by Luthier.\n"


def _measured(run: RunFolder) -> Iterator[str]:
    if not run.evaluation.is_file():
        return
    report = EvaluationReport.model_validate(read_json(run.evaluation))
    yield "## Measured on examples that it never saw\n"
    yield "| | base | tuned |\n| --- | --- | --- |"
    if report.comparison is not None:
        base, tuned = _share(report.comparison.base), _share(report.comparison.tuned)
        yield f"| right answers ({report.scorer}) | {base} | {tuned} |"
    if report.base_loss is not None and report.tuned_loss is not None:
        yield f"| loss | {report.base_loss:.4f} | {report.tuned_loss:.4f} |"
    if report.reward is not None:
        yield f"| reward | {report.reward.base:.4f} | {report.reward.tuned:.4f} |"
    if report.comparison is not None:
        interval = report.comparison.difference_interval
        yield f"\nThe difference is {show_percent(report.comparison.difference)}, with 95 % confidence between "
        yield f"{show_percent(interval.low)} and {show_percent(interval.high)}."
    yield ""


def _share(rate: Rate) -> str:
    low, high = rate.interval.low, rate.interval.high
    return f"{show_percent(rate.share)} ({show_percent(low)} to {show_percent(high)}, {rate.right} of {rate.total})"


def _parity(export: Export) -> Iterator[str]:
    yield "## The same as where it was trained\n"
    for report in export.parity:
        yield f"{report.compared.capitalize()}, {report.questions} questions:\n"
        yield from (f"- {check.what}: {check.found}" for check in report.checks)
        yield ""


def _cost(run: RunFolder) -> Iterator[str]:
    if not run.plan.is_file():
        return
    plan: dict[str, Any] = read_json(run.plan)
    costs = plan.get("costs")
    if costs:
        energy, carbon = costs["energy"], costs["co2e"]
        yield "## Energy\n"
        yield f"Planned: {energy['low']:.3g} to {energy['high']:.3g} {energy['unit']}, "
        yield f"{carbon['low']:.3g} to {carbon['high']:.3g} {carbon['unit']} of CO2e ({costs['region']}).\n"


def _recipe(run: RunFolder) -> Iterator[str]:
    if run.recipe.is_file():
        yield f"## Recipe\n\n```yaml\n{run.recipe.read_text('utf-8').rstrip()}\n```\n"
