"""Base models: where they came from and how large they are."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.text import Text

from luthier.cli.render.tables import facts, table
from luthier.cli.render.text import heading, plain, soft
from luthier.domain.model_cards import PLACES, ModelCard, ModelChoice
from luthier.domain.model_comparisons import ModelComparison
from luthier.domain.model_use import ModelUse
from luthier.domain.models import BaseModel
from luthier.kit.units import show_count


def models_table(models: Sequence[BaseModel]) -> Iterable[RenderableType]:
    if not models:
        yield Text("No base models yet. Fetch the starter: luthier models pull starter")
        return
    rows = [
        (item.name, item.shape.architecture, _millions(item), show_count(item.shape.context_length), item.licence)
        for item in models
    ]
    columns = ("Name", "Architecture", "Parameters", "Context", "Licence")
    yield table(columns, rows, right=("Parameters", "Context"))


def choice_table(choice: ModelChoice) -> Iterable[RenderableType]:
    if not choice.cards:
        yield Text("Nothing known is like that. Ask the hub: luthier models search TEXT --hub")
        return
    rows = [
        (
            card.name,
            _where(card),
            f"{card.parameters / 1e9:.2f} B" if card.parameters else "not known",
            card.licence,
            card.fit.sentence,
        )
        for card in choice.cards
    ]
    yield table(("Name", "Where", "Size", "Licence", "On this machine"), rows, right=("Size",))


def _where(card: ModelCard) -> str:
    if card.file is None or card.file.damage:
        return PLACES[card.place]
    return f"{PLACES[card.place]} ({card.file.quantisation}, {card.file.family})"


def show_model(model: BaseModel) -> Iterable[RenderableType]:
    yield facts(
        [
            ("Model", model.name),
            ("Folder", model.folder),
            ("Source", model.source),
            ("Revision", model.revision),
            ("Licence", model.licence),
            ("Parameters", _millions(model)),
            ("Context", f"{show_count(model.shape.context_length)} tokens"),
        ]
    )


def compared_models(compared: ModelComparison) -> Iterable[RenderableType]:
    names = [model.card.name for model in compared.models]
    yield table(("", *names), [(row.label, *row.values) for row in compared.rows])
    if compared.token_sentence:
        yield soft(compared.token_sentence)
    for model in compared.models:
        if model.problem:
            yield plain(model.problem, "warn")
    if not compared.is_complete:
        yield soft("What is not known of those that are not here, the hub can say: add --hub")


def show_removal(use: ModelUse) -> Iterable[RenderableType]:
    for line in use.cost_sentences:
        yield plain(line)
    if use.may_go:
        yield heading("Remove it")
        yield plain(f"  luthier models remove {use.name} --yes", "command")
        return
    yield heading("It stays, because these need it")
    yield table(("What", "Of"), [(user.kind, user.label) for user in use.users])
    yield soft("Remove the versions, and finish or cancel the runs, and it can go.")


def _millions(model: BaseModel) -> str:
    return f"{model.shape.parameters / 1e6:,.1f} M"
