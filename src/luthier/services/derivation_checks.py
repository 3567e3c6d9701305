"""What can be refused before any example is read: counts that do not fit, and names that nothing carries."""

from collections.abc import Sequence

from luthier.data.derive.facts import derive_facts, words_called
from luthier.data.derive.repair import repair_of, repairs
from luthier.data.quality.facts import private_facts, reason_facts
from luthier.data.quality.scoring import is_of
from luthier.domain.datasets import Dataset, Shape
from luthier.domain.derivations import (
    Augment,
    DerivationChoices,
    DerivationNotUnderstood,
    Filter,
    Mix,
    MixOfTextAndTurns,
    MixTooLarge,
    NameUnknown,
    Redact,
    Repair,
    Request,
)
from luthier.domain.quality import QualityReasonUnknown
from luthier.services.derivation_steps import rows_of_mix


def refuse_impossible(parents: Sequence[Dataset], request: Request) -> None:
    match request:
        case Mix():
            _refuse_mix(parents, request)
        case Filter():
            for reason in request.without:
                if not any(is_of(code, reason) for code in reason_facts()):
                    reasons = ", ".join(reason_facts())
                    raise QualityReasonUnknown(reason=reason, reasons=reasons, dataset=parents[0].label)
        case Repair():
            repair_of(request.fixes)
        case Redact():
            known = [fact.kind for fact in private_facts()]
            if unknown := [kind for kind in request.kinds if kind not in known]:
                raise NameUnknown(kind="kind of private data", name=unknown[0], known=", ".join(dict.fromkeys(known)))
        case Augment():
            for name in request.lists:
                words_called(name)
    if len(parents) != 1 and not isinstance(request, Mix):
        raise DerivationNotUnderstood(what=request.what, reason=f"it takes one dataset, not {len(parents)}")


def derivation_choices() -> DerivationChoices:
    private = {fact.kind: fact.words for fact in private_facts()}
    return DerivationChoices(repairs=repairs(), private_kinds=private, word_lists=derive_facts().words)


def rows_of_each(parents: Sequence[Dataset], request: Mix) -> tuple[int, ...]:
    """How many each dataset gives to a mix; raises what cannot be mixed."""
    _refuse_mix(parents, request)
    return tuple(rows_of_mix([parent.examples for parent in parents], request))


def _refuse_mix(parents: Sequence[Dataset], request: Mix) -> None:
    if len(request.weights) != len(parents):
        reason = f"there are {len(parents)} datasets and {len(request.weights)} weights"
        raise DerivationNotUnderstood(what="mix", reason=reason)
    text = next((parent for parent in parents if parent.shape is Shape.TEXT), None)
    turns = next((parent for parent in parents if parent.shape is not Shape.TEXT), None)
    if text is not None and turns is not None:
        raise MixOfTextAndTurns(text=text.label, turns=turns.label)
    rows = rows_of_mix([parent.examples for parent in parents], request)
    for parent, needed in zip(parents, rows, strict=True):
        if needed > parent.examples and not (request.repeat and parent.examples):
            raise MixTooLarge(size=sum(rows), needed=needed, dataset=parent.label, examples=parent.examples)
