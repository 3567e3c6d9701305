"""Exports: what was made, how large, and whether it says the same as the tuned model."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.domain.background import WorkState
from luthier.domain.exports import Export
from luthier.domain.parity import ParityReport
from luthier.kit.units import show_bytes, show_count, show_duration


def exports_table(exports: Sequence[Export]) -> Iterable[RenderableType]:
    if not exports:
        yield Text("No exports yet. Make one: luthier exports make VERSION --to gguf")
        return
    rows = [
        (item.export_id[:12], item.version, _form(item), _size(item), item.state.value, local_time(item.begun_at))
        for item in exports
    ]
    yield table(("Export", "Version", "Form", "Size", "State", "Begun"), rows, right=("Size",))


def show_export(export: Export) -> Iterable[RenderableType]:
    pairs = [
        ("Export", export.export_id),
        ("Version", export.version),
        ("Form", _form(export)),
        ("State", export.state.value),
        ("Begun", local_time(export.begun_at)),
    ]
    if export.problem is not None:
        pairs.append(("Problem", export.problem.sentence))
    if export.state is WorkState.DONE:
        pairs += [("Size", _size(export)), ("Took", show_duration(export.seconds)), ("Folder", export.folder)]
        pairs += [("File", f"{file.name} ({show_bytes(file.bytes)})") for file in export.files]
        pairs += [("Note", note) for note in export.notes]
        pairs += [("Weights", f"{show_count(count)} as {name}") for name, count in export.types.items()]
        if (less := export.pruned) is not None:
            pairs.append(("Left out", f"layers {', '.join(map(str, less.layers))} of {less.of}"))
            cost = f"perplexity {less.tuned_perplexity:.4g} became {less.perplexity:.4g} before anything was quantised"
            pairs.append(("Which cost", cost))
    if (speed := export.performance) is not None:
        pairs += [
            ("Runs in", speed.runner),
            ("Speed", f"reads {speed.prompt_tokens_per_second:.0f}, writes {speed.tokens_per_second:.0f} tokens/s"),
            ("Memory", f"{show_bytes(speed.memory_bytes)}, loaded in {show_duration(speed.load_seconds)}"),
        ]
    yield facts(pairs)
    for report in export.parity:
        yield from _show_report(report)


def _show_report(report: ParityReport) -> Iterable[RenderableType]:
    yield Text(f"\nParity: {report.compared}, {report.questions} questions", "head")
    for check in report.checks:
        mark = Text("  ✓ ", "good") if check.passed else Text("  ✗ ", "bad")
        yield mark + Text(f"{check.what}: {check.found}")


def _form(export: Export) -> str:
    request = export.request
    if request.form in ("hub", "merged", "cactus"):
        return request.form
    limit = f" within {show_bytes(request.at_most_bytes)}" if request.at_most_bytes else f" {request.quant}"
    return f"{request.form}{limit}"


def _size(export: Export) -> str:
    return show_bytes(export.bytes) if export.files else ""
