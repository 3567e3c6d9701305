"""Quality of datasets: scores with their reasons, the report with its numbers, and the examples behind them."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luthier.data.canonical import to_dict
from luthier.data.quality import Scored, score_examples
from luthier.data.quality.facts import detectors_version, reason_facts
from luthier.data.quality.pictures import length_histogram, parts_by_count, parts_in_order, score_histogram
from luthier.data.quality.profile import count_tokens, token_profile
from luthier.data.quality.reasons import reason_counts, reasons_of
from luthier.data.quality.scoring import Assessment, is_of
from luthier.data.render import Renderer
from luthier.domain.datasets import Dataset, Example
from luthier.domain.jobs import Progress
from luthier.domain.models import BaseModel
from luthier.domain.quality import (
    ExampleQuality,
    QualityNotScored,
    QualityPage,
    QualityReasonUnknown,
    QualityReport,
    ReasonKind,
    TokenProfile,
)
from luthier.kit.clock import Clock
from luthier.kit.files import sha256_of
from luthier.services.datasets import Datasets
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.services.quality_files import QualityFiles, score_key

OnProgress = Callable[[Progress], None]
_MOST_TURNS = 10  # conversations of that many messages and more are counted together


class Quality:
    def __init__(self, datasets: Datasets, models: Models, folders: Folders, clock: Clock) -> None:
        self._datasets = datasets
        self._models = models
        self._folders = folders
        self._clock = clock

    def score(
        self,
        reference: str,
        *,
        base: str | None = None,
        against: str | None = None,
        max_length: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> QualityReport:
        """The report of a dataset; what was made before is read again.

        `base` adds the token counts under that model, `max_length` (default: its context) those that are longer, and
        `against` looks for leaked questions in another dataset or file. `on_progress` may raise to stop; nothing is
        left behind then.
        """
        dataset = self._datasets.get(reference)
        report = self._made(dataset, self._against(against), on_progress)
        if base is None:
            return report
        return report.model_copy(update={"tokens": self._tokens(dataset, base, max_length, on_progress)})

    def known(
        self,
        reference: str,
        *,
        base: str | None = None,
        against: str | None = None,
        max_length: int | None = None,
    ) -> QualityReport | None:
        """What `score` would give, if it was made; nothing is made, imported or fetched."""
        dataset = self._datasets.get(reference)
        report = self._files(dataset).report(_key(self._known_against(against)))
        if report is None or base is None:
            return report
        if not self._models.is_here(base):
            return None
        profile = self._known_tokens(dataset, base, max_length)
        return None if profile is None else report.model_copy(update={"tokens": profile})

    def scored(self, reference: str, *, against: str | None = None, on_progress: OnProgress | None = None) -> Scored:
        """Scores and flags of every example, in the dataset's order; `keep_positions` filters them."""
        dataset = self._datasets.get(reference)
        return self._scored(dataset, self._against(against), on_progress)

    def examples(
        self,
        reference: str,
        *,
        reason: str | None = None,
        below: float | None = None,
        against: str | None = None,
        offset: int = 0,
        limit: int = 20,
    ) -> QualityPage:
        """Those with a reason (or one of a family), with a score below a limit, or both. Raises QualityNotScored."""
        dataset = self._datasets.get(reference)
        _refuse_unknown(reason, dataset)
        scored = self._scored_before(dataset, against)
        positions = _doubted(scored, reason, below)
        items = self._judged(dataset, positions[offset : offset + limit].tolist(), scored)
        return QualityPage(offset=offset, total=len(positions), items=items)

    def positions(self, reference: str, *, reason: str | None = None, below: float | None = None) -> "list[int]":
        """Where the examples stand that `examples` gives, counted from 0. Raises QualityNotScored."""
        dataset = self._datasets.get(reference)
        _refuse_unknown(reason, dataset)
        found: list[int] = _doubted(self._scored_before(dataset, None), reason, below).tolist()
        return found

    def judged(self, dataset: Dataset, positions: Sequence[int]) -> tuple[ExampleQuality, ...]:
        """The examples at these positions with what is said of them; none when the dataset was not scored."""
        scored = self._files(dataset).scored(_key(None))
        return () if scored is None else self._judged(dataset, positions, scored)

    def reasons(self) -> tuple[ReasonKind, ...]:
        """Every reason that an example can be doubted for."""
        return tuple(
            ReasonKind(code=fact.code, title=fact.title, weight=fact.weight, advice=fact.advice)
            for fact in reason_facts().values()
        )

    def _scored_before(self, dataset: Dataset, against: str | None) -> Scored:
        scored = self._files(dataset).scored(_key(self._known_against(against)))
        if scored is None:
            raise QualityNotScored(dataset=dataset.label)
        return scored

    def _judged(self, dataset: Dataset, positions: Sequence[int], scored: Scored) -> tuple[ExampleQuality, ...]:
        found = zip(positions, self._datasets.file(dataset).at(positions), strict=True)
        return tuple(_judged(position, example, scored) for position, example in found)

    def _made(self, dataset: Dataset, against: Dataset | None, on_progress: OnProgress | None) -> QualityReport:
        known = self._files(dataset).report(_key(against))
        return known or self._make(dataset, against, on_progress)[0]

    def _scored(self, dataset: Dataset, against: Dataset | None, on_progress: OnProgress | None) -> Scored:
        known = self._files(dataset).scored(_key(against))
        return known or self._make(dataset, against, on_progress)[1]

    def _make(
        self, dataset: Dataset, against: Dataset | None, on_progress: OnProgress | None
    ) -> tuple[QualityReport, Scored]:
        assessment = score_examples(
            lambda: self._datasets.examples(dataset),
            self._datasets.examples(against) if against else None,
            _counting("scoring examples", dataset.examples + (against.examples if against else 0), on_progress),
            _comparing(on_progress),
        )
        report = self._report(dataset, against, assessment)
        self._files(dataset).keep(_key(against), report, assessment.scored)
        return report, assessment.scored

    def _report(self, dataset: Dataset, against: Dataset | None, assessment: Assessment) -> QualityReport:
        scored, columns = assessment.scored, assessment.columns
        return QualityReport(
            dataset_id=dataset.dataset_id,
            dataset_sha256=dataset.sha256,
            dataset_name=dataset.name,
            detectors=detectors_version(),
            made_at=self._clock.now(),
            against=against.label if against else None,
            examples=len(columns),
            score=float(scored.scores.mean(dtype=np.float64)),
            doubted=len(np.unique(scored.flags["position"])),
            reasons=reason_counts(scored.flags, columns.facts["row"]),
            scores=score_histogram(scored.scores),
            characters=length_histogram(columns.facts["characters"]),
            turns=parts_in_order(columns.turns, _MOST_TURNS),
            roles=parts_by_count({role.value: count for role, count in columns.roles.items()}),
            scripts=parts_by_count(columns.scripts),
            languages=parts_by_count(columns.languages),
            labels=columns.labels.balance(),
        )

    def _tokens(
        self, dataset: Dataset, base: str, max_length: int | None, on_progress: OnProgress | None
    ) -> TokenProfile:
        model = self._models.get(base, on_progress)
        renderer = Renderer(Path(model.folder))
        tokenizer = _tokenizer_sha256(model, renderer)
        files = self._files(dataset)
        counts = files.token_counts(tokenizer)
        if counts is None:
            counting = _counting("counting tokens", dataset.examples, on_progress)
            counts = count_tokens(self._datasets.examples(dataset), renderer, counting)
            files.keep_token_counts(tokenizer, counts)
        return token_profile(counts, model.name, tokenizer, max_length or model.shape.context_length)

    def _known_tokens(self, dataset: Dataset, base: str, max_length: int | None) -> TokenProfile | None:
        model = self._models.get(base)
        tokenizer = _tokenizer_sha256(model, Renderer(Path(model.folder)))
        counts = self._files(dataset).token_counts(tokenizer)
        if counts is None:
            return None
        return token_profile(counts, model.name, tokenizer, max_length or model.shape.context_length)

    def _against(self, reference: str | None) -> Dataset | None:
        return self._datasets.resolve(reference) if reference is not None else None

    def _known_against(self, reference: str | None) -> Dataset | None:
        return self._datasets.get(reference) if reference is not None else None

    def _files(self, dataset: Dataset) -> QualityFiles:
        return QualityFiles(self._folders.dataset(dataset.dataset_id) / "quality")


def _key(against: Dataset | None) -> str:
    return score_key(detectors_version(), against.sha256 if against else None)


def _refuse_unknown(reason: str | None, dataset: Dataset) -> None:
    if reason is not None and not any(is_of(code, reason) for code in reason_facts()):
        raise QualityReasonUnknown(reason=reason, reasons=", ".join(reason_facts()), dataset=dataset.label)


def _doubted(scored: Scored, reason: str | None, below: float | None) -> NDArray[np.int64]:
    wanted = np.ones(len(scored.scores), dtype=np.bool_)
    if reason is not None:
        wanted[:] = False
        wanted[scored.positions_of(reason)] = True
    if below is not None:
        wanted &= scored.scores < np.float32(below)
    return np.flatnonzero(wanted)


def _tokenizer_sha256(model: BaseModel, renderer: Renderer) -> str:
    tokenizer = sha256_of(Path(model.folder) / "tokenizer.json") + renderer.rendered_sha256
    return hashlib.sha256(tokenizer.encode()).hexdigest()


def _judged(position: int, example: Example, scored: Scored) -> ExampleQuality:
    first, last = np.searchsorted(scored.flags["position"], [position, position + 1])
    own = scored.flags[first:last]
    rows = dict(zip(own["code"].tolist(), own["row"].tolist(), strict=True))
    return ExampleQuality(
        position=position,
        row=example.row,
        score=round(float(scored.scores[position]), 6),
        reasons=reasons_of(example, rows),
        example=to_dict(example),
    )


def _comparing(on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    if on_progress is None:
        return None
    return lambda done, total: on_progress(Progress(what="comparing examples", done=done, total=total))


def _counting(what: str, total: int, on_progress: OnProgress | None) -> Callable[[int], None] | None:
    if on_progress is None:
        return None
    return lambda done: on_progress(Progress(what=what, done=done, total=total))
