"""Two versions side by side: what they were made from, what was measured, and what each answers to the same prompts."""

from collections.abc import Iterator
from typing import Any

from luthier.domain.comparisons import Difference
from luthier.domain.evaluations import Comparison, EvaluationReport
from luthier.domain.versions import Version
from luthier.kit.frozen import Frozen


class BothAnswers(Frozen):
    """To a held-out example that both were asked."""

    prompt: str
    expected: str
    answers: tuple[str, str]
    right: tuple[bool | None, bool | None]


class VersionComparison(Frozen):
    first: Version
    second: Version
    differences: tuple[Difference, ...]
    figures: tuple[Difference, ...]  # what was measured, also where it is the same
    comparison: Comparison | None  # the second against the first, on the examples that both answered
    answers: tuple[BothAnswers, ...]
    doubts: tuple[str, ...]  # what makes some figures incomparable, in sentences

    @property
    def sentence(self) -> str:
        """Better is only said when it is."""
        found = self.comparison
        if found is None:
            return "They answered no example in common, so nothing is said about which is better."
        shares = f"{100 * found.tuned.share:.1f} % right against {100 * found.base.share:.1f} %"
        interval = found.difference_interval
        bounds = f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f} points with 95 % confidence"
        of = f"on the {found.tuned.total} examples that both answered ({shares}; {bounds})"
        if found.better:
            return f"{self.second.label} is better than {self.first.label} {of}."
        if interval.high < 0:
            return f"{self.second.label} is worse than {self.first.label} {of}."
        return f"Neither is shown to be better {of}."


def differences_of_versions(first: Version, second: Version) -> tuple[Difference, ...]:
    """Of what they were made from; what one does not have is None."""
    return _rows(dict(_made_of(first)), dict(_made_of(second)), only_different=True)


def figures_of_versions(first: Version, second: Version) -> tuple[Difference, ...]:
    return _rows(first.summary, second.summary, only_different=False)


def both_answers(first: EvaluationReport, second: EvaluationReport) -> tuple[BothAnswers, ...]:
    asked = {(answer.prompt, answer.expected): answer for answer in first.answers}
    return tuple(
        BothAnswers(
            prompt=answer.prompt,
            expected=answer.expected,
            answers=(before.tuned, answer.tuned),
            right=(before.tuned_right, answer.tuned_right),
        )
        for answer in second.answers
        if (before := asked.get((answer.prompt, answer.expected))) is not None
    )


def _rows(first: dict[str, Any], second: dict[str, Any], *, only_different: bool) -> tuple[Difference, ...]:
    pairs = ((name, (first.get(name), second.get(name))) for name in dict.fromkeys((*first, *second)))
    return tuple(
        Difference(name=name, values=values)
        for name, values in pairs
        if not (only_different and values[0] == values[1]) and values != (None, None)
    )


def _made_of(version: Version) -> Iterator[tuple[str, Any]]:
    yield "base", version.base_name
    yield "base revision", version.base_revision
    yield "licence of the base", version.licence
    yield "kind", version.kind
    yield "dataset", version.dataset_id
    yield from ((f"data {side}", sha256[:16]) for side, sha256 in version.data_sha256.items())
    yield from (_flat("merging", version.merging) if version.merging else ())
    if version.recipe is not None:
        yield from _flat("", version.recipe.model_dump(mode="json", exclude={"name", "base"}, exclude_none=True))
    yield from ((f"made with {name}", found) for name, found in version.environment.items())


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(path, value)
        else:
            yield path, ", ".join(map(str, value)) if isinstance(value, list) else value
