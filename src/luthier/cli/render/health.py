"""What went wrong in a run, why it may have, what was done about it, and what can be done."""

import shlex
from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from luthier.cli.render.findings import INDENT, show_actions
from luthier.cli.render.tables import table
from luthier.cli.render.text import plain, soft
from luthier.domain.health import AppliedRemedy, Offer
from luthier.domain.jobs import Alert
from luthier.domain.runs import Run


def show_alerts(alerts: Sequence[Alert], remedies: Sequence[AppliedRemedy]) -> Iterable[RenderableType]:
    """Each with the remedies that followed it."""
    for alert in alerts:
        yield from show_alert(alert)
        for remedy in remedies:
            if remedy.answers(alert.anomaly):
                yield Padding(remedy_line(remedy), INDENT)


def show_alert(alert: Alert) -> Iterable[RenderableType]:
    at = f"At step {alert.step}: " if alert.step and alert.anomaly is None else ""
    yield plain(f"{at}{alert.sentence}", "warn")
    for cause in alert.causes:
        yield Padding(soft(f"Perhaps: {cause}"), INDENT)
    yield from show_actions(alert.actions)


def remedy_line(remedy: AppliedRemedy) -> Text:
    return plain(f"Remedy {remedy.number}: {remedy.description}", "good")


def show_offers(run: Run, offers: Sequence[Offer]) -> Iterable[RenderableType]:
    if run.anomaly is None or not offers:
        yield Text(f"Nothing about {run.name} waits for a remedy.")
        return
    if run.problem:
        yield plain(run.problem.sentence, "warn")
    yield table(("Remedy", "What it does"), [(offer.remedy.value, offer.meaning) for offer in offers])
    yield Text("Choose one:")
    yield plain(f"  luthier runs remedy {shlex.quote(run.name)} {offers[0].remedy.value}", "command")
