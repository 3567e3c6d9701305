"""Checks of the software: whether torch fits the driver and the GPU, the libraries beside it, and optional parts."""

from collections.abc import Iterator

from luthier.domain.checkup import Check, Verdict
from luthier.domain.machine import Gpu, Machine
from luthier.planning.checks.versions import reaches, version
from luthier.planning.checks.wording import Wording
from luthier.planning.installed import LIBRARIES, Installed, TorchBuild
from luthier.planning.machine_facts import Part, doctor_facts


def software_checks(machine: Machine, installed: Installed, say: Wording) -> Iterator[Check]:
    yield _torch(machine, installed.torch, say)
    yield _libraries(installed, say)


def part_checks(machine: Machine, installed: Installed, say: Wording) -> Iterator[Check]:
    backends = {gpu.backend for gpu in machine.gpus}
    for part in doctor_facts().parts:
        signs = _signs(part, installed)
        if signs or not part.backends or backends & set(part.backends):
            yield _part(part, signs, say)


def _torch(machine: Machine, torch: TorchBuild | None, say: Wording) -> Check:
    if torch is None:
        return say.advise("torch.missing", "not installed")
    found = _described(torch)
    needed = doctor_facts().thresholds.torch_from
    if torch.version and not reaches(torch.version, needed):
        return say.advise("torch.old", found, needed=needed)
    if not torch.readable:
        return say.advise("torch.unreadable", found)
    nvidia = [gpu for gpu in machine.gpus if gpu.backend == "cuda"]
    if nvidia and not torch.cuda:
        return say.advise("torch.without_cuda", found)
    if nvidia:
        return _cuda(nvidia, torch, found, say)
    if any(gpu.backend == "rocm" for gpu in machine.gpus) and not torch.rocm:
        return say.advise("torch.without_rocm", found)
    return say.good("torch", found)


def _cuda(gpus: list[Gpu], torch: TorchBuild, found: str, say: Wording) -> Check:
    facts, driver = doctor_facts(), gpus[0].driver
    needed = next((each.driver for each in facts.cuda_drivers if (each.major,) == version(torch.cuda)[:1]), "")
    if driver and needed and not reaches(driver, needed):
        return say.advise("torch.driver_old", found, cuda=torch.cuda, needed=needed, driver=driver)
    builds = (each for each in facts.cuda_builds if reaches(torch.cuda, each.cuda))
    build = next((each for each in builds if reaches(torch.version, each.torch_from)), None)
    for gpu in gpus:
        if build and gpu.compute_capability and not reaches(gpu.compute_capability, build.capability):
            known = {"gpu": gpu.name, "capability": gpu.compute_capability}
            return say.advise("torch.gpu_old", found, needed=build.capability, **known)
    return say.good("torch", found)


def _libraries(installed: Installed, say: Wording) -> Check:
    here = {name: installed.packages[name] for name in LIBRARIES if name in installed.packages}
    found = ", ".join(f"{name} {number}" for name, number in here.items()) or "not installed"
    missing = [name for name in LIBRARIES if name not in here]
    return (
        say.advise("libraries.missing", found, missing=" and ".join(missing))
        if missing
        else say.good("libraries", found)
    )


def _described(torch: TorchBuild) -> str:
    built = f"CUDA {torch.cuda}" if torch.cuda else f"ROCm {torch.rocm}" if torch.rocm else "the processor"
    return f"{torch.version or 'unknown version'}, built for {built if torch.readable else 'what is not known'}"


def _signs(part: Part, installed: Installed) -> str:
    packages = [f"{name} {installed.packages[name]}" for name in part.packages if name in installed.packages]
    programs = [installed.programs[name] for name in part.programs if name in installed.programs]
    ports = [f"answers at port {port}" for port in part.ports if port in installed.answering]
    return ", ".join([*packages, *programs[:1], *ports])


def _part(part: Part, signs: str, say: Wording) -> Check:
    code = f"part.{part.name.lower().replace(' ', '_').replace('.', '_')}"
    if signs:
        return Check(code=code, part="Optional parts", name=part.name, verdict=Verdict.GOOD, found=signs)
    return Check(
        code=f"{code}.missing",
        part="Optional parts",
        name=part.name,
        verdict=Verdict.NOTE,
        found="not found",
        reason=part.purpose,
        actions=say.actions(part.actions),
    )
