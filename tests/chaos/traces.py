"""Records with strace what a process does to the files below one folder, as the kernel sees it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CALLS = (
    "openat,open,creat,close,write,pwrite64,writev,fsync,fdatasync,ftruncate,truncate,lseek,"
    "rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat"
)
_STRACE = ("strace", "-f", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}", "-e", "signal=none")
_LINE = re.compile(r"^\d+ +(?P<call>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)(?P<rest>.*)$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Call:
    name: str
    arguments: str
    result: int
    texts: tuple[bytes, ...]  # the strings among the arguments

    @property
    def descriptor(self) -> int:
        """The first argument: a file, or the folder that a path begins in; -1 when that is the current one."""
        found = re.match(r"\d+", self.arguments)
        return int(found[0]) if found else -1


def strace_is_here() -> bool:
    return shutil.which("strace") is not None


def traced(module: str, *arguments: str) -> list[Call]:
    """What `python -m module arguments` calls, in order; what failed is left out."""
    log = Path(arguments[0]).parent / "trace"
    subprocess.run(
        [*_STRACE, "-o", str(log), sys.executable, "-m", module, *arguments],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
    )
    return list(_calls(log))


def _calls(log: Path) -> Iterator[Call]:
    with open(log, encoding="ascii") as file:
        for line in file:
            match = _LINE.match(line)
            if match is None:
                assert "unfinished" not in line, "a protocol is traced in one thread"
                continue
            found = list(_STRING.finditer(match["arguments"]))
            assert not any(each[2] for each in found), "strace has cut a string off"
            texts = tuple(bytes.fromhex(each[1].replace("\\x", "")) for each in found)
            if int(match["result"]) >= 0:
                yield Call(match["call"], match["arguments"], int(match["result"]), texts)
