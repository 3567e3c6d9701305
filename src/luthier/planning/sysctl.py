"""What macOS says of its hardware: the answers of sysctl by name."""

from luthier.planning.probes import Probes


def sysctl(probes: Probes) -> dict[str, str]:
    """Empty where there is no such program."""
    lines = (probes.output("sysctl", "hw", "machdep.cpu", "iogpu") or "").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs if value}
