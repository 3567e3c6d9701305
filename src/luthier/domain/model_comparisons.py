"""Base models side by side: what decides between them, as far as it is known without fetching the weights."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from luthier.domain.errors import Action, WrongUsage
from luthier.domain.model_cards import PLACES, ModelCard
from luthier.domain.models import ModelShape
from luthier.kit.frozen import Frozen
from luthier.kit.units import show_bytes, show_count

FEWEST, MOST = 2, 3
_UNKNOWN = "not known"


class TokenizerFacts(Frozen):
    kind: str  # as its file calls it, e.g. "BPE"
    tokens: int  # that it knows, control tokens included
    has_template: bool  # whether it can be taught conversations as it is
    sha256: str  # of its file: equal ones cut texts alike


class ComparedModel(Frozen):
    card: ModelCard
    family: str = ""  # whose defaults a plan takes; empty where Luthier knows none for its architecture
    shape: ModelShape | None = None  # None: not known before the hub is asked
    tokenizer: TokenizerFacts | None = None  # None: not known before the hub is asked, or it is fetched
    problem: str = ""  # why the hub was asked in vain, as a sentence


class ComparedRow(NamedTuple):
    """One fact of every model, in their order, as people read it."""

    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


class ModelComparison(Frozen):
    models: tuple[ComparedModel, ...]

    @property
    def rows(self) -> Iterator[ComparedRow]:
        for label, value_of in _ROWS:
            yield ComparedRow(label, tuple(value_of(model) for model in self.models))

    @property
    def is_complete(self) -> bool:
        """Whether the hub could say no more."""
        return all(model.tokenizer is not None for model in self.models)

    @property
    def token_sentence(self) -> str:
        """Whether they cut texts alike, which is what adapters, answers and lengths can be held against."""
        hashes = [model.tokenizer.sha256 if model.tokenizer else None for model in self.models]
        if None in hashes:
            return ""
        if len(set(hashes)) == 1:
            return "They cut texts into the same tokens, so their losses and lengths can be held against each other."
        return "They cut texts into different tokens, so a loss per token or a length of one says little about another."


def _size(model: ComparedModel) -> str:
    return show_bytes(model.card.weight_bytes) if model.card.weight_bytes else _UNKNOWN


def _parameters(model: ComparedModel) -> str:
    if not model.card.parameters:
        return _UNKNOWN
    millions = model.card.parameters / 1e6
    return f"{millions / 1e3:.2f} B" if millions >= 1000 else f"{millions:.1f} M"


def _context(model: ComparedModel) -> str:
    return f"{show_count(model.shape.context_length)} tokens" if model.shape else _UNKNOWN


def _depth(model: ComparedModel) -> str:
    return f"{model.shape.layers} layers, {show_count(model.shape.hidden)} wide" if model.shape else _UNKNOWN


def _tokenizer(model: ComparedModel) -> str:
    return f"{model.tokenizer.kind}, {show_count(model.tokenizer.tokens)} tokens" if model.tokenizer else _UNKNOWN


def _template(model: ComparedModel) -> str:
    if model.tokenizer is None:
        return _UNKNOWN
    return "yes" if model.tokenizer.has_template else "no: it can be taught texts, and no conversations"


_ROWS: tuple[tuple[str, Callable[[ComparedModel], str]], ...] = (
    ("Where", lambda model: PLACES[model.card.place]),
    ("Parameters", _parameters),
    ("Weights on disk, about", _size),
    ("Context", _context),
    ("Licence", lambda model: model.card.licence),
    ("Family", lambda model: model.family or _UNKNOWN),
    ("Architecture", lambda model: model.card.architecture or _UNKNOWN),
    ("Layers", _depth),
    ("Tokenizer", _tokenizer),
    ("Chat template", _template),
    ("On this machine", lambda model: model.card.fit.sentence),
)


class ModelsToCompare(WrongUsage):
    code = "models.to_compare"
    sentence = "Two or three different base models can be compared, not {count}."
    actions = (
        Action(label="Name the models", command="luthier models compare MODEL MODEL"),
        Action(label="See what there is", command="luthier models search", address="/models"),
    )
