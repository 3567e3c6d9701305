"""The lineage of versions as a picture: a lane for each name, a column for each moment, a line for each descent."""

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.domain.versions import Version

MOST_DRAWN = 40  # the newest; more would be too small to read
_STEP, _LANE, _LEFT, _TOP = 92, 56, 24, 30  # pixels


@dataclass(frozen=True, slots=True)
class Node:
    version: Version
    x: int
    y: int
    serves: bool


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    how: str


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    y: int


@dataclass(frozen=True, slots=True)
class Picture:
    nodes: Sequence[Node]
    lines: Sequence[Line]
    lanes: Sequence[Lane]
    width: int
    height: int
    left_out: int  # older ones that are not drawn


def picture_of(versions: Sequence[Version], serving: frozenset[str]) -> Picture:
    """Of versions that come newest first; `serving` are the ids of those that serve."""
    drawn = list(reversed(versions[:MOST_DRAWN]))
    names = list(dict.fromkeys(version.name for version in reversed(drawn)))
    height_of = {name: _TOP + 18 + _LANE * place for place, name in enumerate(names)}
    nodes = {
        version.version_id: Node(version, _LEFT + _STEP * place, height_of[version.name], version.version_id in serving)
        for place, version in enumerate(drawn)
    }
    lines = [
        Line(_curve(nodes[parent.version_id], node), parent.how)
        for node in nodes.values()
        for parent in node.version.parents
        if parent.version_id in nodes
    ]
    return Picture(
        nodes=list(nodes.values()),
        lines=lines,
        lanes=[Lane(name, height_of[name] - 22) for name in names],
        width=_LEFT + _STEP * max(1, len(drawn)),
        height=_TOP + _LANE * max(1, len(names)) + 8,
        left_out=max(0, len(versions) - MOST_DRAWN),
    )


def _curve(parent: Node, child: Node) -> str:
    middle = (parent.x + child.x) // 2
    return f"M{parent.x} {parent.y}C{middle} {parent.y} {middle} {child.y} {child.x} {child.y}"
