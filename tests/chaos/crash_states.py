"""Every state in which power loss can leave the files of a trace, by what the kernel promised until then.

The promises are the weakest that a file system may make: what was written to a file is there, torn in the middle or
not there until that file was flushed, and a name is there or not until its folder was flushed, each independently.
"""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from tests.chaos.traces import Call

Node = int
ROOT: Node = 0


class Op(NamedTuple):
    kind: Literal["name", "unname", "rename", "write", "cut", "flush", "ack"]
    node: Node = ROOT  # the file written or flushed, or the folder that names change in
    name: str = ""
    other: Node = ROOT  # the node that is named; of a rename the folder that it comes from
    old_name: str = ""
    data: bytes = b""
    offset: int = 0


class Trace(NamedTuple):
    ops: list[Op]
    folders: frozenset[Node]


@dataclass
class _Tracer:
    """Follows the calls of one process, so that each op speaks of nodes and not of names."""

    base: str
    names: dict[tuple[Node, str], Node] = field(default_factory=dict)
    folders: set[Node] = field(default_factory=lambda: {ROOT})
    sizes: dict[Node, int] = field(default_factory=dict)
    open_files: dict[int, Node] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    appending: set[int] = field(default_factory=set)
    ops: list[Op] = field(default_factory=list)
    fresh: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def take(self, call: Call) -> None:
        match call.name:
            case "open" | "openat" | "creat":
                self._open(call)
            case "close":
                self.open_files.pop(call.descriptor, None)
            case "mkdir" | "mkdirat":
                self._mkdir(call)
            case "rename" | "renameat" | "renameat2":
                self._rename(call.texts[0], call.texts[1])
            case "unlink" | "unlinkat" | "rmdir":
                self._unname(call)
            case "lseek":
                self.places[call.descriptor] = call.result
            case "write" if call.descriptor == 1:
                self.ops.append(Op("ack", name=call.texts[0].decode().strip()))
            case "link" | "linkat" | "symlink" | "symlinkat" | "truncate" | "writev":
                assert not any(self._find(text) for text in call.texts), f"{call.name} is not modelled"
            case _ if call.descriptor in self.open_files:
                self._on_file(call, self.open_files[call.descriptor])

    def _on_file(self, call: Call, node: Node) -> None:
        match call.name:
            case "fsync" | "fdatasync":
                self.ops.append(Op("flush", node))
            case "ftruncate":
                size = int(call.arguments.rpartition(",")[2])
                if size < self.sizes[node]:
                    self.ops.append(Op("cut", node, offset=size))
                self.sizes[node] = size
            case "write":
                end = self.sizes[node] if call.descriptor in self.appending else self.places[call.descriptor]
                data = call.texts[0][: call.result]
                self.ops.append(Op("write", node, data=data, offset=end))
                self.places[call.descriptor] = end + len(data)
                self.sizes[node] = max(self.sizes[node], end + len(data))
            case _:
                raise AssertionError(f"{call.name} is not modelled")

    def _open(self, call: Call) -> None:
        found = self._find(call.texts[-1], call.descriptor)
        if found is None:
            return
        folder, name = found
        node = ROOT if name == "" else self.names.get((folder, name))
        if node is None:
            assert "O_CREAT" in call.arguments or call.name == "creat"
            node = self.names[folder, name] = next(self.fresh)
            self.sizes[node] = 0
            self.ops.append(Op("name", folder, name, node))
        elif "O_TRUNC" in call.arguments and self.sizes[node]:
            self.ops.append(Op("cut", node, offset=0))
            self.sizes[node] = 0
        self.open_files[call.result], self.places[call.result] = node, 0
        self.appending.discard(call.result)
        if "O_APPEND" in call.arguments:
            self.appending.add(call.result)

    def _mkdir(self, call: Call) -> None:
        if (found := self._find(call.texts[-1], call.descriptor)) is not None:
            node = self.names[found] = next(self.fresh)
            self.folders.add(node)
            self.ops.append(Op("name", *found, node))

    def _rename(self, old_text: bytes, new_text: bytes) -> None:
        old, new = self._find(old_text), self._find(new_text)
        if old is not None and new is not None:
            self.names[new] = self.names.pop(old)
            self.ops.append(Op("rename", new[0], new[1], old[0], old[1]))

    def _unname(self, call: Call) -> None:
        found = self._find(call.texts[-1], call.descriptor)
        if found is not None and found in self.names:
            del self.names[found]
            self.ops.append(Op("unname", *found))

    def _find(self, text: bytes, at: int = -1) -> tuple[Node, str] | None:
        """The folder and the name of a path below the base; None for any other."""
        path = text.decode(errors="replace")
        if not path.startswith("/") and at in self.open_files:
            assert "/" not in path, "only names are given relative to an open folder"
            return self.open_files[at], path
        if path == self.base:
            return ROOT, ""
        if not path.startswith(f"{self.base}/"):
            return None
        *parents, name = path.removeprefix(f"{self.base}/").split("/")
        node = ROOT
        for part in parents:
            if (node, part) not in self.names:
                return None
            node = self.names[node, part]
        return node, name


def ops_of(calls: Sequence[Call], base: Path) -> Trace:
    tracer = _Tracer(str(base))
    for call in calls:
        tracer.take(call)
    return Trace(tracer.ops, frozenset(tracer.folders))


class State(NamedTuple):
    acks: tuple[str, ...]  # what had been confirmed before the power was lost
    files: tuple[tuple[str, bytes | None], ...]  # by path; None is a folder


def states_after(trace: Trace, most_choices: int) -> Iterator[State]:
    """Of power loss after each op. Of a moment with more than `most_choices` states, so many of them by chance."""
    chance = random.Random(len(trace.ops))
    for end in range(len(trace.ops) + 1):
        done = trace.ops[:end]
        acks = tuple(op.name for op in done if op.kind == "ack")
        open_ops = [number for number, op in enumerate(done) if _is_open(op, done[number + 1 :])]
        ways = [("no", "yes", "torn", "late") if done[number].kind == "write" else ("no", "yes") for number in open_ops]
        choices: Iterable[tuple[str, ...]] = itertools.product(*ways)
        if math.prod(map(len, ways)) > most_choices:
            choices = (tuple(chance.choice(way) for way in ways) for _ in range(most_choices))
        for choice in choices:
            yield State(acks, _materialised(done, dict(zip(open_ops, choice, strict=True)), trace.folders))


def _is_open(op: Op, later: Sequence[Op]) -> bool:
    """Whether nothing has promised yet that it stays."""
    if op.kind in ("flush", "ack"):
        return False
    places = {op.node, op.other} if op.kind == "rename" else {op.node}
    return not any(each.kind == "flush" and each.node in places for each in later)


def _materialised(
    done: Sequence[Op], choice: dict[int, str], folders: frozenset[Node]
) -> tuple[tuple[str, bytes | None], ...]:
    names: dict[tuple[Node, str], Node] = {}
    contents: dict[Node, bytearray] = {}
    moving: dict[tuple[Node, str], Node] = {}  # as the running system saw it
    for number, op in enumerate(done):
        kept = choice.get(number, "yes")
        match op.kind:
            case "name":
                moving[op.node, op.name] = op.other
                if kept == "yes":
                    names[op.node, op.name] = op.other
            case "unname":
                moving.pop((op.node, op.name), None)
                if kept == "yes":
                    names.pop((op.node, op.name), None)
            case "rename":
                node = moving.pop((op.other, op.old_name))
                moving[op.node, op.name] = node
                if kept == "yes":
                    names.pop((op.other, op.old_name), None)
                    names[op.node, op.name] = node
            case "write" if kept != "no":
                _write(contents.setdefault(op.node, bytearray()), op, kept)
            case "cut" if kept == "yes":
                del contents.setdefault(op.node, bytearray())[op.offset :]
    return tuple(sorted(_listed(ROOT, "", names, contents, folders)))


def _write(content: bytearray, op: Op, kept: str) -> None:
    half = len(op.data) // 2
    start, data = (op.offset, op.data[:half]) if kept == "torn" else (op.offset, op.data)
    if kept == "late":  # the later block reached the disk and the earlier did not
        data = bytes(half) + op.data[half:]
    content.extend(bytes(max(0, start + len(data) - len(content))))
    content[start : start + len(data)] = data


def _listed(
    folder: Node,
    path: str,
    names: dict[tuple[Node, str], Node],
    contents: dict[Node, bytearray],
    folders: frozenset[Node],
) -> Iterator[tuple[str, bytes | None]]:
    for (parent, name), node in names.items():
        if parent != folder:
            continue
        place = f"{path}{name}"
        if node in folders:
            yield place, None
            yield from _listed(node, f"{place}/", names, contents, folders)
        else:
            yield place, bytes(contents.get(node, b""))


def lay_out(state: State, folder: Path) -> None:
    for name, content in state.files:
        if content is None:
            (folder / name).mkdir(parents=True, exist_ok=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
