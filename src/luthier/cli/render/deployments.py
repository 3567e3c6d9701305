"""Slots: what serves in them, how it was tried, and what served before."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.domain.deployments import Deployment
from luthier.kit.units import show_duration


def deployments_table(deployments: Sequence[Deployment]) -> Iterable[RenderableType]:
    if not deployments:
        yield Text("Nothing serves yet. Let a version serve: luthier versions deploy VERSION subject/trait")
        return
    rows = [(each.slot, each.serving.label, each.serving.cause, local_time(each.serving.since)) for each in deployments]
    yield table(("Slot", "Version", "How", "Since"), rows)


def show_deployment(deployment: Deployment) -> Iterable[RenderableType]:
    serving = deployment.serving
    pairs = [
        ("Slot", deployment.slot),
        ("Serves", f"{serving.label} since {local_time(serving.since)}, {serving.cause} by {serving.author}"),
        ("Tried", f"loaded and answered in {show_duration(serving.trial.seconds)}: {serving.trial.answer.strip()}"),
        ("Checksum", serving.trial.files_sha256),
    ]
    if serving.gates:
        pairs.append(("Gates", serving.gates))
    pairs += [("Before", f"{turn.label}, {turn.cause} {local_time(turn.since)}") for turn in deployment.earlier]
    yield facts(pairs)
