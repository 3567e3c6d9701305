"""AMD's GPUs as the Linux kernel describes those that it can compute on (ROCm)."""

from collections.abc import Iterator
from pathlib import Path

from luthier.domain.machine import Gpu
from luthier.planning.gpu_signs import AMD, Found, has_pci_device
from luthier.planning.machine_facts import gpu_facts
from luthier.planning.probes import Probes, number_of, text_of, whole_number

_NODES = "sys/class/kfd/kfd/topology/nodes"


def find_amd(probes: Probes) -> Found:
    nodes = list(_computing_nodes(probes))
    if not nodes and has_pci_device(probes, AMD) and not (probes.root / "dev/kfd").exists():
        return Found(unknown=("AMD GPU: it is plugged in, and the device for computing on it (/dev/kfd) is not here.",))
    found = Found()
    for node in _visible(nodes, probes):
        found += _gpu(probes, node)
    return found


def _computing_nodes(probes: Probes) -> Iterator[dict[str, int]]:
    """Processors are nodes, too, and have no SIMD units."""
    folders = sorted((probes.root / _NODES).glob("*"), key=lambda folder: whole_number(folder.name) or 0)
    for folder in folders:
        lines = (text_of(folder / "properties") or "").split("\n")
        pairs = (line.partition(" ") for line in lines)
        node = {name: number for name, _, value in pairs if (number := whole_number(value.strip())) is not None}
        if node.get("simd_count", 0) > 0:
            yield node


def _visible(nodes: list[dict[str, int]], probes: Probes) -> list[dict[str, int]]:
    chosen = probes.variable("HIP_VISIBLE_DEVICES") or probes.variable("ROCR_VISIBLE_DEVICES")
    if chosen is None:
        return nodes
    numbers = [whole_number(word.strip()) for word in chosen.split(",")]
    return [nodes[number] for number in numbers if number is not None and 0 <= number < len(nodes)]


def _gpu(probes: Probes, node: dict[str, int]) -> Found:
    isa = _isa(node.get("gfx_target_version", 0))
    device = probes.root / f"sys/class/drm/renderD{node.get('drm_render_minor', 0)}/device"
    name = _name(probes, device, isa)
    total, used = number_of(device / "mem_info_vram_total"), number_of(device / "mem_info_vram_used")
    unified = isa in gpu_facts().shares_memory_amd
    if unified and total is not None and (shared := number_of(device / "mem_info_gtt_total")) is not None:
        total += shared
        used = (used or 0) + (number_of(device / "mem_info_gtt_used") or 0)
    if not total:
        return Found(unknown=(f"{name}: its driver does not say how much memory it has.",))
    gpu = Gpu(
        name=name,
        memory_bytes=total,
        free_bytes=max(0, total - (used or 0)),
        backend="rocm",
        compute_capability=isa,
        driver=_first_line(probes.root / "sys/module/amdgpu/version"),
        runtime=_first_line(probes.root / "opt/rocm/.info/version").partition("-")[0],
        unified=unified,
    )
    return Found(gpus=(gpu,), unknown=tuple(_gaps(gpu, used)))


def _gaps(gpu: Gpu, used: int | None) -> Iterator[str]:
    if used is None:
        yield f"{gpu.name}: how much of its memory is in use; all of it counts as free."
    if not gpu.compute_capability:
        yield f"{gpu.name}: its instruction set."
    if not gpu.runtime:
        yield f"{gpu.name}: the version of ROCm, as it is not installed in /opt/rocm."


def _isa(version: int) -> str:
    """110000 is gfx1100, 90010 is gfx90a: decimal major, minor, and a step in hexadecimal."""
    major, minor, step = version // 10000, version // 100 % 100, version % 100
    return f"gfx{major}{minor:x}{step:x}" if version else ""


def _name(probes: Probes, device: Path, isa: str) -> str:
    """The card's own name where its maker wrote one into it."""
    if product := _first_line(device / "product_name"):
        return product
    identity = (_first_line(device / "vendor"), _first_line(device / "device"))
    listed = probes.output("lspci", "-d", f"{identity[0][2:]}:{identity[1][2:]}") if all(identity) else None
    if listed and "[" in listed:
        return f"AMD {listed.rsplit('[', 1)[1].partition(']')[0]}"
    return f"AMD GPU ({isa or 'unnamed'})"


def _first_line(path: Path) -> str:
    return (text_of(path) or "").strip().partition("\n")[0]
