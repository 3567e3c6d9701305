"""Where a run computes: as the recipe says, else on a GPU that the engine can use; never quietly elsewhere."""

from dataclasses import replace

import pytest

from luthier.domain.adapters import KernelsUnknown
from luthier.domain.machine import Device, GpuMissing, Machine, TorchWithoutCuda
from luthier.domain.plans import Plan
from luthier.domain.recipes import ProcessesUnused
from luthier.planning.abilities import ENGINE
from luthier.planning.choose import make_plan
from luthier.planning.knowledge import Knowledge, Preferences
from tests.builders import a_gpu, a_machine, a_model_shape, a_recipe, data_facts

WITH_CUDA = replace(ENGINE, devices=("cpu", "cuda"), quantised=True)
NVIDIA = a_machine(gpus=(a_gpu(name="NVIDIA L4", compute_capability="8.9"),))


def plan_on(
    machine: Machine, abilities: object = WITH_CUDA, preferred: Device | None = None, **settings: object
) -> Plan:
    known = Knowledge(abilities=abilities, preferences=Preferences(device=preferred))  # type: ignore[arg-type]
    return make_plan(a_recipe(settings=settings), machine, a_model_shape(), data_facts(), known)


def reason_of(plan: Plan, name: str) -> str:
    return next(each.reason for each in plan.decisions if each.name == name)


def test_a_gpu_that_torch_can_use_is_taken_and_the_plan_says_which() -> None:
    plan = plan_on(NVIDIA)
    assert plan.device == plan.settings.device == "cuda"
    assert "NVIDIA L4" in reason_of(plan, "device")


def test_a_run_on_a_gpu_uses_the_libraries_kernels_and_adds_up_in_a_fixed_order() -> None:
    plan = plan_on(NVIDIA)
    assert plan.settings.kernels == "reference"
    assert "GPU" in reason_of(plan, "kernels")
    assert plan.environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_run_on_the_processor_is_told_nothing_of_gpus() -> None:
    plan = plan_on(NVIDIA, device="cpu")
    assert plan.device == plan.settings.device == "cpu"
    assert plan.settings.kernels == "fused"
    assert not any("CUDA" in name or "CUBLAS" in name for name in plan.environment)


def test_where_torch_cannot_use_the_gpu_the_processor_computes_and_the_plan_says_why() -> None:
    plan = plan_on(NVIDIA, ENGINE)
    assert plan.device == "cpu"
    assert "cannot use NVIDIA L4" in reason_of(plan, "device")


def test_a_gpu_that_is_asked_for_and_that_torch_cannot_use_is_refused_with_the_command_that_installs_another() -> None:
    with pytest.raises(TorchWithoutCuda) as caught:
        plan_on(NVIDIA, ENGINE, device="cuda")
    assert "NVIDIA L4" in caught.value.problem.sentence
    assert any("pip install --force-reinstall torch" in action.command for action in caught.value.problem.actions)


def test_what_the_settings_name_is_taken_where_the_recipe_says_nothing_and_the_plan_says_so() -> None:
    plan = plan_on(NVIDIA, preferred="cpu")
    assert (plan.device, plan.settings.kernels) == ("cpu", "fused")
    decision = next(each for each in plan.decisions if each.name == "device")
    assert (decision.source, "training_device" in decision.reason) == ("settings", True)
    assert plan_on(NVIDIA, preferred="cpu", device="cuda").device == "cuda"


def test_a_gpu_that_the_settings_name_and_that_is_not_there_is_refused_instead_of_passed_over() -> None:
    with pytest.raises(GpuMissing) as caught:
        plan_on(a_machine(), preferred="cuda")
    assert any(action.command == "luthier settings show training_device" for action in caught.value.problem.actions)
    assert plan_on(a_machine(), preferred="cuda", device="cpu").device == "cpu"


@pytest.mark.parametrize(
    ("machine", "device", "why"),
    [
        (a_machine(), "cuda", "no such GPU was found"),
        (a_machine(gpus=(a_gpu(backend="rocm"),)), "cuda", "no such GPU was found"),
        (a_machine(gpus=(a_gpu(backend="rocm"),)), "rocm", "GPUs of NVIDIA"),
        (NVIDIA, "mps", "GPUs of NVIDIA"),
    ],
)
def test_a_gpu_that_is_not_there_is_refused(machine: Machine, device: str, why: str) -> None:
    with pytest.raises(GpuMissing) as caught:
        plan_on(machine, device=device)
    assert why in caught.value.problem.sentence


def test_what_only_a_processor_does_is_refused_on_a_gpu() -> None:
    with pytest.raises(KernelsUnknown):
        plan_on(NVIDIA, kernels="fused")
    with pytest.raises(ProcessesUnused, match="one GPU"):
        plan_on(NVIDIA, processes=2)


def test_an_older_gpu_computes_in_fp32_as_long_as_there_is_room() -> None:
    older = a_machine(gpus=(a_gpu(name="Tesla T4", compute_capability="7.5"),))
    assert plan_on(older).settings.precision == "fp32"
