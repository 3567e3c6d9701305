"""What speaks against a base for this method, on this machine, under its licence: known before any work is begun."""

from collections.abc import Iterator

from luthier.domain.findings import Finding
from luthier.domain.machine import Device, Machine
from luthier.domain.models import BaseModel, ModelShape
from luthier.domain.recipes import Recipe
from luthier.kit.units import show_bytes
from luthier.planning.facts import compatibility

_LARGE_ON_CPU = 2_000_000_000  # weights


def doubts_about_base(base: BaseModel, recipe: Recipe, machine: Machine, device: Device) -> Iterator[Finding]:
    yield from doubts_about_licence(base.licence)
    yield from doubts_about_machine(base.shape, machine, device)
    if recipe.method == "cpt" and "instruct" in base.name.lower():
        yield _finding("chat_model_for_text")


def doubts_about_place(base: BaseModel, missing_bytes: int) -> Iterator[Finding]:
    if missing_bytes:
        yield _finding("base_elsewhere", base=base.name, size=show_bytes(missing_bytes))


def doubts_about_licence(licence: str) -> Iterator[Finding]:
    """The first rule whose words the licence holds."""
    for rule in compatibility().licences:
        if any(word in licence.lower() for word in rule.words):
            yield Finding(code="plan.licence", level=rule.level, sentence=rule.sentence, suggestion=rule.suggestion)
            return


def doubts_about_machine(shape: ModelShape, machine: Machine, device: Device) -> Iterator[Finding]:
    if device == "cpu" and machine.gpus:
        yield _finding("gpu_unused", gpu=machine.gpus[0].name)
    if device == "cpu" and shape.parameters > _LARGE_ON_CPU:
        yield _finding("large_on_cpu", billions=f"{shape.parameters / 1e9:.1f}")


def _finding(when: str, **fields: str) -> Finding:
    rule = next(rule for rule in compatibility().machines if rule.when == when)
    return Finding(
        code=rule.code, level=rule.level, sentence=rule.sentence.format(**fields), suggestion=rule.suggestion
    )
