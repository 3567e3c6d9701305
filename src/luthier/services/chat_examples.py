"""Turns kept answers into training examples: a new version of a dataset, which says which answers it came from."""

from collections.abc import Iterator, Sequence
from itertools import chain

from luthier.data.derive.figures import Figures
from luthier.data.derive.sources import Source, numbered
from luthier.domain.chats import AnswerEmpty, AnswerIsNoPair, DatasetTakesNoAnswers, place_of_answer, turns_before
from luthier.domain.datasets import Dataset, DatasetNotFound, Example, Mapping, Message, Role, Shape
from luthier.domain.derivations import Derivation, Parent
from luthier.kit.clock import Clock
from luthier.services.chats import Chats
from luthier.services.dataset_shelf import Draft, Written
from luthier.services.datasets import Datasets

_SOURCE = "kept chats"
_NEW = Mapping(shape=Shape.MESSAGES, columns={"messages": "messages"}, confidence=1.0, reason="answers that were kept")
_TAKE_ANSWERS = frozenset(Shape) - {Shape.TEXT, Shape.LABELLED, Shape.PROMPT}


class ChatExamples:
    def __init__(self, chats: Chats, datasets: Datasets, clock: Clock) -> None:
        self._chats = chats
        self._datasets = datasets
        self._clock = clock

    def send(self, answer_ids: Sequence[str], name: str) -> Dataset:
        """The next version of the dataset of that name, or the first: what it holds, then the answers.

        A corrected answer is sent as it should have been; to a dataset of pairs, with what was said as the worse one.

        Raises AnswerNotFound, AnswerEmpty, AnswerIsNoPair, DatasetTakesNoAnswers, DatasetNameWrong.
        """
        for answer_id in answer_ids:
            place_of_answer(answer_id)
        parent = self._newest(name)
        if parent is not None and parent.shape not in _TAKE_ANSWERS:
            raise DatasetTakesNoAnswers(dataset=parent.label, shape=parent.shape.value)
        examples = [self._example(answer_id, parent) for answer_id in dict.fromkeys(answer_ids)]
        dataset = self._appended(name, parent, examples, tuple(dict.fromkeys(answer_ids)))
        for answer_id in dict.fromkeys(answer_ids):
            self._chats.mark_sent(answer_id, dataset.label)
        return dataset

    def _newest(self, name: str) -> Dataset | None:
        try:
            found = self._datasets.versions(name)
        except DatasetNotFound:
            return None
        return found[0] if found else None

    def _example(self, answer_id: str, parent: Dataset | None) -> Example:
        """Only the answer itself is trained: the ones before it were not judged."""
        chat, exchange, answer = self._chats.find_answer(answer_id)
        if not answer.best.strip():
            raise AnswerEmpty(answer=answer_id)
        before = [
            Message(Role(turn["role"]), turn["content"], train=False)
            if turn["role"] == "assistant"
            else Message(Role(turn["role"]), turn["content"])
            for turn in turns_before(chat, exchange, answer.column)
        ]
        example = Example(row=1, messages=(*before, Message(Role.ASSISTANT, answer.best)))
        if parent is None or parent.shape is not Shape.PREFERENCE:
            return example
        if answer.correction is None or answer.correction == answer.text:
            raise AnswerIsNoPair(dataset=parent.label, answer=answer_id)
        rejected = (Message(Role.ASSISTANT, answer.text),)
        return Example(row=1, messages=example.messages, rejected=rejected)

    def _appended(
        self, name: str, parent: Dataset | None, examples: Sequence[Example], answer_ids: tuple[str, ...]
    ) -> Dataset:
        figures = Figures()
        mapping = _NEW if parent is None else parent.report.mapping

        def written(size: int) -> Written:
            parents = () if parent is None else (_parent(parent),)
            made_by = Derivation(
                what="collect",
                parents=parents,
                parameters={"answers": list(answer_ids)},
                counts={"answers, added": len(examples)},
                at=self._clock.now(),
            )
            return Written(figures.report(_SOURCE, size, mapping), made_by)

        draft = Draft(name, mapping.shape, parent.source if parent is not None else _SOURCE)
        everything = numbered(chain(self._rows(parent), examples))
        return self._datasets.shelf.keep(draft, figures.counted(everything), written)

    def _rows(self, parent: Dataset | None) -> Iterator[Example]:
        if parent is not None:
            yield from Source(parent.dataset_id, parent.label, self._datasets.file(parent))


def _parent(dataset: Dataset) -> Parent:
    return Parent(dataset_id=dataset.dataset_id, label=dataset.label, sha256=dataset.sha256)
