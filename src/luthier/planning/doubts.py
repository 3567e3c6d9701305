"""Warnings about values and data that are allowed but seldom what one wants."""

from collections.abc import Iterator

from luthier.domain.errors import Action
from luthier.domain.findings import Finding, Level
from luthier.domain.machine import Device, Machine
from luthier.domain.models import ModelShape
from luthier.domain.plans import DataFacts, Estimate
from luthier.domain.recipes import TrainingSettings
from luthier.kit.units import show_bytes
from luthier.planning.facts import limits
from luthier.planning.training import SMALL_MODEL

FEW_EXAMPLES = 50


def doubts_about(settings: TrainingSettings, shape: ModelShape, facts: DataFacts, device: Device) -> Iterator[Finding]:
    yield from _doubts_about_values(settings, shape)
    if settings.max_length > shape.context_length:
        yield _warning(
            "plan.beyond_context",
            f"The base model was made for {shape.context_length} tokens, fewer than {settings.max_length}.",
            "Longer examples will be learnt badly.",
            f"--set max_length={shape.context_length}",
        )
    if settings.precision == "nf4" and device == "cpu":
        yield Finding(
            code="plan.four_bits_slow",
            level=Level.WARNING,
            sentence="A processor turns weights of four bits into 16 bits again in every product, so a step takes "
            "longer.",
            suggestion="Four bits are for a base that would not fit into memory otherwise.",
            actions=(_train_with("--set precision=bf16", "Keep 16 bits"),),
        )
    if facts.examples < FEW_EXAMPLES:
        yield Finding(
            code="plan.few_examples",
            level=Level.WARNING,
            sentence=f"{facts.examples} examples are few; the model may learn their words instead of the task.",
            suggestion=f"Collect at least {FEW_EXAMPLES}.",
        )
    yield from _doubts_about_lengths(settings, facts)


def _doubts_about_values(settings: TrainingSettings, shape: ModelShape) -> Iterator[Finding]:
    size = "small" if shape.parameters < SMALL_MODEL else "large"
    for limit in limits():
        value = float(getattr(settings, limit.setting))
        if limit.bases in ("all", size) and not limit.below <= value <= limit.above:
            yield Finding(
                code=limit.code,
                level=limit.level,
                sentence=limit.sentence.format(value=f"{value:g}"),
                suggestion=limit.suggestion,
                actions=(_train_with(f"--set {limit.setting}={limit.usual}", "Use the usual value"),),
                setting=f"settings.{limit.setting}",
            )


def _doubts_about_lengths(settings: TrainingSettings, facts: DataFacts) -> Iterator[Finding]:
    if facts.tokens_max <= settings.max_length:
        return
    many = "more than 5 %" if facts.tokens_p95 > settings.max_length else "a few"
    fate = {"drop": "are left out", "truncate": "are cut", "refuse": "stop the run"}[settings.overlong]
    yield Finding(
        code="plan.examples_overlong",
        level=Level.WARNING,
        sentence=f"The longest example has {facts.tokens_max} tokens; {many} are longer than "
        f"{settings.max_length} and {fate}.",
        suggestion="Shorten them, or allow more tokens; that takes more memory.",
        actions=(_train_with(f"--set max_length={facts.tokens_max}", "Allow the longest one"),),
    )


def doubts_about_disk(disk: Estimate, machine: Machine) -> Iterator[Finding]:
    if disk.high > machine.disk_free_bytes:
        yield Finding(
            code="plan.disk_short",
            level=Level.WARNING,
            sentence=f"The run may need {show_bytes(disk.high)} of disk, and {show_bytes(machine.disk_free_bytes)} "
            "are free.",
            suggestion="A full disk parks the run with everything kept; it can go on when there is space.",
            actions=(Action(label="Free some space on that disk"),),
        )


def _warning(code: str, sentence: str, suggestion: str, option: str) -> Finding:
    action = _train_with(option, "Use the usual value")
    return Finding(code=code, level=Level.WARNING, sentence=sentence, suggestion=suggestion, actions=(action,))


def _train_with(option: str, label: str) -> Action:
    return Action(label=label, command=f"luthier train --data FILE {option}")
