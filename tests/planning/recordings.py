"""Machines that were written down: their files, programs and libraries answer as they did there."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from luthier.planning.probes import MemoryCount, NvmlAnswer, Platform, Processors

FOLDER = Path(__file__).parent / "machines"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
FREE = 100_000_000_000


@dataclass(frozen=True)
class Recording:
    """`silent` names the questions that get no answer: platform, memory, processors, nvml, output, files, disk."""

    content: dict[str, Any]
    root: Path
    silent: frozenset[str] = field(default_factory=frozenset)

    def without(self, *questions: str) -> "Recording":
        return replace(self, silent=frozenset(questions))

    @property
    def expected(self) -> dict[str, Any]:
        expected: dict[str, Any] = self.content["expected"]
        return expected

    def platform(self) -> Platform | None:
        return None if "platform" in self.silent else Platform(**self.content["platform"])

    def memory(self) -> MemoryCount | None:
        return None if "memory" in self.silent else MemoryCount(**self.content["memory"])

    def processors(self) -> Processors | None:
        if "processors" in self.silent:
            return None
        return Processors.model_validate(self.content.get("processors", {}))

    def nvml(self) -> NvmlAnswer:
        if "nvml" in self.silent:
            return NvmlAnswer(refusal="NVML Shared Library Not Found")
        return NvmlAnswer.model_validate(self.content["nvml"])

    def output(self, *command: str) -> str | None:
        if "output" in self.silent:
            return None
        known = {tuple(each["command"]): each["output"] for each in self.content.get("commands", [])}
        return known.get(command)

    def variable(self, name: str) -> str | None:
        value: str | None = self.content.get("variables", {}).get(name)
        return value

    def free_bytes(self, folder: Path) -> int | None:
        return None if "disk" in self.silent else FREE


def recorded(name: str, root: Path, most_bytes: int | None = None) -> Recording:
    """Its files are laid out under `root`; each is cut off after `most_bytes`."""
    content = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    files = dict(content.get("files", {}))
    if "cpuinfo" in content:
        files["proc/cpuinfo"] = _cpuinfo(**content["cpuinfo"])
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text[:most_bytes], "utf-8")
    return Recording(content, root)


def _cpuinfo(model: str, flags: str, cores: int, threads: int = 1, packages: int = 1) -> str:
    """What repeats from processor to processor stands once in a recording; threads come after all first ones."""
    blocks = []
    for number in range(cores * packages * threads):
        package, core = divmod(number % (cores * packages), cores)
        blocks.append(
            f"processor\t: {number}\nvendor_id\t: x\nmodel name\t: {model}\nphysical id\t: {package}\n"
            f"core id\t\t: {core}\nflags\t\t: {flags}\n"
        )
    return "\n".join(blocks) + "\n"
