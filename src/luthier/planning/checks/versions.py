"""Versions as people write them, made comparable."""

import re


def version(text: str) -> tuple[int, ...]:
    """The leading numbers: "2.13.0+cpu" is (2, 13, 0), and "" is ()."""
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("+")[0]))


def reaches(text: str, wanted: str) -> bool:
    """Whether one version is at least another; 2.8 and 2.8.0 are equal."""
    have, least = version(text), version(wanted)
    length = max(len(have), len(least))
    return have + (0,) * (length - len(have)) >= least + (0,) * (length - len(least))
