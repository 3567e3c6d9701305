"""docs/reference/doctor.md: everything that `luthier doctor` can say, read from its facts."""

from collections.abc import Iterable

from luthier.planning.machine_facts import Remedy, Subject, doctor_facts

HEAD = """\
# The doctor's points

What `luthier doctor`, its page and `GET /api/v1/doctor` can say. What has an *error* will not work, what has a
*warning* will work badly, and what has a *note* could be better. A point without anything to say is *good*. Words in
braces are filled in; `{pip}` is the pip of the Python that runs Luthier.
"""


def page() -> str:
    facts = doctor_facts()
    parts = dict.fromkeys(subject.part for subject in facts.subjects)
    lines = [HEAD]
    for part in parts:
        lines += [f"## {part}\n", "| code | level | what it says | what to do |", "| --- | --- | --- | --- |"]
        lines += [row for subject in facts.subjects if subject.part == part for row in _rows(subject)]
        lines.append("")
    lines += ["## Optional parts\n", "| part | what it is for | how it is installed |", "| --- | --- | --- |"]
    lines += [f"| {part.name} | {part.purpose} | {_remedies(part.actions)} |" for part in facts.parts]
    limits = facts.thresholds.model_dump(exclude={"sources"})
    lines += ["\n## From where on it speaks\n", "| threshold | value |", "| --- | --- |"]
    lines += [f"| `{name}` | {_shown(value)} |" for name, value in limits.items()]
    lines += ["\n## Sources\n", *(f"- {name}: {text}" for name, text in _sources().items())]
    return "\n".join(lines)


def _rows(subject: Subject) -> Iterable[str]:
    for advice in subject.advice:
        cells = (f"`{subject.code}.{advice.when}`", advice.verdict.value, advice.reason, _remedies(advice.actions))
        yield f"| {' | '.join(cells)} |"


def _remedies(remedies: Iterable[Remedy]) -> str:
    texts = []
    for remedy in remedies:
        where = f" ({', '.join(remedy.on)})" if remedy.on else ""
        command = f": `{remedy.command}`" if remedy.command else ""
        texts.append(f"{remedy.label}{where}{command}".replace("|", "\\|"))
    return "; ".join(texts)


def _shown(value: object) -> str:
    return f"{value:,} bytes" if isinstance(value, int) and value > 1_000_000 else str(value)


def _sources() -> dict[str, str]:
    facts = doctor_facts()
    of_advice = {
        f"{subject.code}.{advice.when}": advice.source
        for subject in facts.subjects
        for advice in subject.advice
        if advice.source
    }
    return {
        **facts.thresholds.sources,
        **facts.sources,
        **of_advice,
        **{part.name: part.source for part in facts.parts},
    }
