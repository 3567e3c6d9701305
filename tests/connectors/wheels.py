"""A Python package with one data file, in a folder where pip finds it instead of on an index."""

import hashlib
import os
import zipfile
from pathlib import Path

from luthier.connectors.wheel import WheelFacts

MEMBER = "tiny_data/tiny.gguf"


def a_wheel(folder: Path, content: bytes) -> WheelFacts:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_data-1.0-py3-none-any.whl"
    info = "tiny_data-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(MEMBER, content)
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\nRequires-Dist: nowhere-to-be-found\n",
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return WheelFacts(
        source="the package tiny-data",
        requirement="tiny-data==1.0",
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member=MEMBER,
        member_sha256=hashlib.sha256(content).hexdigest(),
        member_bytes=len(content),
        conversion=1,
    )


def pip_environment(folder: Path) -> dict[str, str]:
    """In which pip knows no index and finds packages in `folder` alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**kept, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
