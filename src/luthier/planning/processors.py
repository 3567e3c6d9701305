"""The processor: what it is called, what it can do, and how many of its cores this process may use."""

from collections.abc import Iterator

from luthier.planning.facts import pace
from luthier.planning.probes import Platform, Probes, text_of, whole_number
from luthier.planning.sysctl import sysctl

_ALSO_SHOWN = {"avx512_vnni", "amx_int8", "sve"}
_ARM = ("arm64", "aarch64")
_WINDOWS_NAME = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0"

# Apple's names for what Linux calls otherwise.
_ON_MACOS = {
    "hw.optional.neon": "asimd",
    "hw.optional.AdvSIMD": "asimd",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.avx512f": "avx512f",
}


def cpu_name(probes: Probes, platform: Platform) -> str:
    """Empty when nothing tells."""
    names = (block["model name"] for block in _blocks(probes) if block.get("model name"))
    if found := next(names, None):
        return found
    if platform.system == "macOS":
        return sysctl(probes).get("machdep.cpu.brand_string", "") or platform.processor
    if platform.system == "Windows":
        answer = probes.output("reg", "query", _WINDOWS_NAME, "/v", "ProcessorNameString") or ""
        return answer.partition("REG_SZ")[2].strip() or platform.processor
    # Arm's own kernels give numbers, which lscpu has the names for.
    listed = (line.partition(":") for line in (probes.output("lscpu") or "").splitlines())
    return next((value.strip() for key, _, value in listed if key == "Model name"), platform.processor)


def cpu_features(probes: Probes, platform: Platform) -> tuple[str, ...] | None:
    """Those that decide speed, under Linux's names; None when the system does not tell them."""
    wanted = _ALSO_SHOWN.union(*(known.features for known in pace().throughputs))
    told = [block.get("flags", block.get("Features")) for block in _blocks(probes)]
    flags = {flag for line in told if line for flag in line.split()}
    if platform.system == "macOS":
        facts = sysctl(probes)
        flags |= {feature for key, feature in _ON_MACOS.items() if facts.get(key) == "1"}
    if flags:
        return tuple(sorted(flags & wanted))
    # What the architecture itself promises is known in any case.
    return ("asimd",) if platform.architecture.lower() in _ARM else None


def usable_cores(probes: Probes, platform: Platform) -> int | None:
    """Physical ones: two threads of one core share its arithmetic, so they count once."""
    counted = probes.processors()
    allowed = set(counted.allowed) if counted and counted.allowed is not None else None
    cores = {
        (block["physical id"], block["core id"])
        for block in _blocks(probes)
        if "core id" in block and "physical id" in block
        if allowed is None or whole_number(block["processor"]) in allowed
    }
    if cores:
        return len(cores)
    if allowed:
        return len(allowed)
    if counted and (counted.physical or counted.logical):
        return counted.physical or counted.logical
    return whole_number(sysctl(probes).get("hw.physicalcpu", "")) if platform.system == "macOS" else None


def _blocks(probes: Probes) -> Iterator[dict[str, str]]:
    """One block of /proc/cpuinfo per logical processor; none where there is no such file."""
    for block in (text_of(probes.root / "proc/cpuinfo") or "").split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        if "processor" in fields:
            yield fields
