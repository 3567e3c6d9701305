"""Makes datasets from datasets: what is asked becomes a stream of examples, which is kept together with its lineage."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from luthier.data.derive.figures import Figures
from luthier.data.derive.pick import saying
from luthier.data.derive.sources import Source, numbered
from luthier.data.derive.word_files import read_word_file
from luthier.data.quality import keep_positions
from luthier.domain.datasets import Dataset, Example, Mapping, Shape
from luthier.domain.derivations import (
    Augment,
    Balance,
    DatasetDiff,
    Dedupe,
    Derivation,
    DerivationChoices,
    DerivationLeavesNothing,
    Filter,
    Lineage,
    Mix,
    Paraphrase,
    Parent,
    Redact,
    Repair,
    Request,
    Split,
)
from luthier.domain.jobs import Progress
from luthier.kit.clock import Clock
from luthier.services import derivation_steps as steps
from luthier.services.chat import Chat
from luthier.services.dataset_differences import Differences
from luthier.services.dataset_history import lineage_of
from luthier.services.dataset_shelf import Draft, Volume, Written, check_name
from luthier.services.datasets import Datasets
from luthier.services.derivation_checks import derivation_choices, refuse_impossible, rows_of_each
from luthier.services.paraphrasing import Attended, paraphrases
from luthier.services.quality import Quality

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Work:
    """One request on its parents, while it is carried out."""

    request: Request
    parents: tuple[Dataset, ...]
    sources: tuple[Source, ...]
    counts: Counter[str]
    tell: Report

    def passes(self, source: Source, what: str) -> Iterator[Example]:
        return _told(source, what, len(source), self.tell)

    def changes_nothing(self, examples: int) -> bool:
        rows_stay = isinstance(self.request, Dedupe | Filter | Repair | Redact)
        return rows_stay and not any(self.counts.values()) and examples == self.parents[0].examples


class Derivations:
    def __init__(self, datasets: Datasets, quality: Quality, chat: Chat, clock: Clock) -> None:
        self._datasets = datasets
        self._quality = quality
        self._chat = chat
        self._clock = clock
        self.differences = Differences(datasets)

    def derive(
        self,
        references: str | Sequence[str],
        request: Request,
        *,
        name: str | None = None,
        on_progress: Report | None = None,
    ) -> tuple[Dataset, ...]:
        """The datasets that were made: the next version of the first one's name, or of `name`; each side of a split
        has its own. The dataset itself comes back when nothing in it had to be changed.

        The same request on the same datasets gives the same content. An exception, also one that `on_progress`
        raises, leaves nothing behind.
        """
        parents = self.check(references, request, name)
        sources = tuple(Source(each.dataset_id, each.label, self._datasets.file(each)) for each in parents)
        work = _Work(request, parents, sources, Counter(), on_progress or _say_nothing)
        called = name or (f"{parents[0].name}-mix" if isinstance(request, Mix) else parents[0].name)
        with ExitStack() as undo:
            volumes = []
            for part in self._parts(work):
                volume = self._written(work, part, called)
                if volume is None:
                    same = parents[0].model_copy(update={"name": called})
                    return (parents[0] if name is None else self._datasets.shelf.name(same),)
                undo.callback(volume.discard)
                volumes.append(volume)
            undo.pop_all()
        return self._datasets.shelf.put(volumes)

    def check(self, references: str | Sequence[str], request: Request, name: str | None) -> tuple[Dataset, ...]:
        """The datasets that it would be made of; raises what can be refused without reading their examples."""
        names = [references] if isinstance(references, str) else references
        parents = tuple(self._datasets.get(each) for each in names)
        refuse_impossible(parents, request)
        if name is not None:
            check_name(name)
        return parents

    def diff(self, before: str, after: str, shown: int = 5, *, on_progress: Report | None = None) -> DatasetDiff:
        """What became of the rows of `before` in `after`, with the first `shown` of each kind."""
        return self.differences.diff(before, after, shown, on_progress or _say_nothing)

    def read_words(self, path: Path) -> dict[str, Any]:
        """The parameters of an augmentation from a YAML file. Raises WordListUnreadable."""
        return read_word_file(path.expanduser())

    def rows_of_mix(self, references: Sequence[str], request: Mix) -> tuple[int, ...]:
        """How many each dataset would give; raises what cannot be mixed."""
        return rows_of_each([self._datasets.get(each) for each in references], request)

    def choices(self) -> DerivationChoices:
        """What can be named in a request."""
        return derivation_choices()

    def lineage(self, reference: str) -> Lineage:
        """Back to the files, as far as the datasets are still here."""
        return lineage_of(self._datasets, self._datasets.get(reference))

    def _parts(self, work: _Work) -> Sequence[steps.Part]:
        source, counts = work.sources[0], work.counts
        match work.request:
            case Split() as request:
                return steps.split_parts(source, request, work.passes)
            case Mix() as request:
                return steps.mix_parts(work.sources, request)
            case Dedupe() as request:
                return [steps.dedupe_part(source, request, work.passes, counts)]
            case Filter() as request:
                return [self._filtered(work, request)]
            case Repair() as request:
                return [steps.repair_part(source, request, counts)]
            case Redact() as request:
                return [steps.redact_part(source, request, counts)]
            case Balance() as request:
                return [steps.balance_part(source, request, work.passes, counts)]
            case Augment() as request:
                return [steps.augment_part(source, request, counts)]
            case Paraphrase() as request:
                return [self._paraphrased(work, request)]
            case never:
                assert_never(never)

    def _filtered(self, work: _Work, request: Filter) -> steps.Part:
        source = work.sources[0]
        stays = np.ones(len(source), np.bool_)
        if request.needs_quality:
            stays &= self._worthy(work, request)
        if request.containing or request.lacking:
            stays &= saying(work.passes(source, "reading examples"), request.containing, request.lacking)
        return steps.kept_part(source, stays, work.counts)

    def _paraphrased(self, work: _Work, request: Paraphrase) -> steps.Part:
        """Told row by row, and asked between any two pieces of an answer whether it is still wanted."""
        source = work.sources[0]
        target = self._chat.resolve(request.model)
        chat = Attended(self._chat, work.tell)
        rows = _told(iter(source), "asking the model", len(source), chat.tell, rows_between=1)
        return steps.Part(paraphrases(rows, request, target, chat, work.counts), 0, is_told=True)

    def _worthy(self, work: _Work, request: Filter) -> NDArray[np.bool_]:
        first = work.parents[0]
        scored = self._quality.scored(first.label, on_progress=work.tell)
        return keep_positions(scored, request.min_score or 0.0, request.without)

    def _written(self, work: _Work, part: steps.Part, name: str) -> Volume | None:
        """None when every row passed as it was, so that what was written says nothing new."""
        figures = Figures()
        first = work.parents[0]
        told = part.examples
        if not part.is_told:
            told = _told(told, "writing examples", part.total or first.examples, work.tell)
        draft = Draft(
            name=f"{name}-{part.side}" if part.side else name,
            shape=_shape_of(work.parents),
            source=", ".join(parent.label for parent in work.parents),
        )

        def written(size: int) -> Written:
            if work.changes_nothing(figures.examples):
                raise _NothingToChange
            if not figures.examples:
                raise DerivationLeavesNothing(dataset=first.label)
            return Written(figures.report(draft.source, size, _mapping_of(work.parents)), self._made_by(work, part))

        try:
            return self._datasets.shelf.write(draft, figures.counted(numbered(told)), written)
        except _NothingToChange:
            return None

    def _made_by(self, work: _Work, part: steps.Part) -> Derivation:
        parameters = work.request.model_dump(mode="json", exclude={"what"}, exclude_none=True)
        return Derivation(
            what=work.request.what,
            parents=tuple(
                Parent(dataset_id=each.dataset_id, label=each.label, sha256=each.sha256) for each in work.parents
            ),
            parameters={**parameters, "side": part.side} if part.side else parameters,
            counts={why: count for why, count in work.counts.items() if count},
            at=self._clock.now(),
        )


class _NothingToChange(Exception):
    """Throws away what was written."""


def _told(
    examples: Iterable[Example], what: str, total: int, tell: Report, rows_between: int = 500
) -> Iterator[Example]:
    for done, example in enumerate(examples):
        if done % rows_between == 0:
            tell(Progress(what=what, done=done, total=max(total, done)))
        yield example


def _say_nothing(progress: Progress) -> None:
    """Nobody watches."""


def _shape_of(parents: Sequence[Dataset]) -> Shape:
    shapes = {parent.shape for parent in parents}
    return shapes.pop() if len(shapes) == 1 else Shape.MESSAGES


def _mapping_of(parents: Sequence[Dataset]) -> Mapping:
    """Nobody became surer of how the columns were read: the least sure mapping speaks for all."""
    mapping = min((parent.report.mapping for parent in parents), key=lambda each: each.confidence)
    return mapping.model_copy(update={"shape": _shape_of(parents)})
