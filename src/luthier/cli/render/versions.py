"""Versions: what they are tuned from and how much better they became."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.evaluations import MEASURES
from luthier.cli.render.moments import local_time
from luthier.cli.render.tables import facts, table
from luthier.domain.versions import Version
from luthier.kit.units import show_percent


def versions_table(versions: Sequence[Version]) -> Iterable[RenderableType]:
    if not versions:
        yield Text("No versions yet. A run that completes becomes one: luthier demo")
        return
    rows = [(item.label, item.base_name, _proof(item), local_time(item.created_at)) for item in versions]
    yield table(("Version", "Base", "Held-out score", "Created"), rows)


def show_version(version: Version) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Version", version.label),
            ("Id", version.version_id),
            ("Created", local_time(version.created_at)),
            ("Base", f"{version.base_name} ({version.base_revision[:16]}, {version.licence})"),
            ("Dataset", version.dataset_id),
            ("Run", version.run_id),
            (MEASURES.get(str(version.summary.get("scorer")), "Held-out loss"), _proof(version)),
            ("Model" if version.kind == "model" else "Adapter", version.adapter_folder),
            ("Checksum", version.adapter_sha256),
        ]
    )


def _proof(version: Version) -> str:
    summary = version.summary
    if "tuned_share" in summary:
        return f"{show_percent(summary['base_share'])} to {show_percent(summary['tuned_share'])}"
    if summary.get("tuned_loss") is not None:
        return f"loss {summary['base_loss']:.4f} to {summary['tuned_loss']:.4f}"
    return "not measured"
