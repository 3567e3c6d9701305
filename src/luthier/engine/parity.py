"""What a model makes of the questions of a parity check: the tuned one, its merged weights, or an exported folder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil
import torch
from torch import Tensor
from transformers import PreTrainedModel

from luthier.data.canonical import read_examples
from luthier.data.render import Renderer
from luthier.domain.datasets import Example, Role
from luthier.domain.exports import ExportJob
from luthier.domain.parity import FLOOR_RANK, TOP, Likely, Measured, Question, Reference
from luthier.engine.adapted_base import AdaptedBase
from luthier.engine.generate import Answered, answer_ids
from luthier.engine.loading import load_base
from luthier.export.merging import merged

Tell = Callable[[str, int, int], None]  # what is done, how far, of how much


def measure_reference(job: ExportJob, tell: Tell) -> Reference:
    asked = ask_tuned(job, tell)
    tuned, stops = asked.measured(), asked.stops
    renderer, questions, answers = asked.base.loaded.renderer, asked.questions, asked.answers
    del asked
    return Reference(
        questions=tuple(questions),
        stop_ids=renderer.stop_ids,
        tuned=tuple(_said(each, renderer, answer) for each, answer in zip(tuned, answers, strict=True)),
        answers=tuple(answer.ids for answer in answers),
        merged=_with_merged_weights(job, questions, answers, stops, tell) if job.adapter_folder else None,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """The tuned model, the questions of a parity check, and what it answered."""

    base: AdaptedBase
    stops: frozenset[int]
    questions: list[Question]
    answers: list[Answered]

    def measured(self) -> list[Measured]:
        """As the model is now."""
        return measure(self.base.loaded.model, self.questions, [answer.ids for answer in self.answers], self.stops)


def ask_tuned(job: ExportJob, tell: Tell) -> Asked:
    tell("loading the tuned model", 0, 0)
    base = AdaptedBase(load_base(Path(job.base_folder), precision_for(job)))
    base.use(job.adapter_folder)
    model, renderer = base.loaded.model, base.loaded.renderer
    questions = list(islice(_questions(job, renderer, base.loaded.shape.context_length), job.questions))
    stops = frozenset(renderer.stop_ids)

    def answering(done: int, total: int) -> None:
        tell("answering with the tuned model", done, total)

    answers = answer_ids(model, [question.ids for question in questions], stops, job.answer_tokens, answering)
    aimed = [_aimed(question, answer) for question, answer in zip(questions, answers, strict=True)]
    return Asked(base, stops, aimed, answers)


def precision_for(job: ExportJob) -> str:
    """32 bits where there is memory for them: the proof should not blur what it looks for."""
    size = sum(path.stat().st_size for path in Path(job.base_folder).glob("*.safetensors"))
    return "fp32" if 3 * size < psutil.virtual_memory().available else "bf16"


def measure(
    model: PreTrainedModel, questions: Sequence[Question], answers: Sequence[Sequence[int]], stops: frozenset[int]
) -> list[Measured]:
    """The questions in the words and tokens that they came with."""
    return [_measured(model, question, answer, stops) for question, answer in zip(questions, answers, strict=True)]


def _with_merged_weights(
    job: ExportJob, questions: Sequence[Question], answers: Sequence[Answered], stops: frozenset[int], tell: Tell
) -> tuple[Measured, ...]:
    tell("merging the adapter", 0, 0)
    model = load_base(Path(job.base_folder), precision_for(job)).model
    weights = merged(Path(job.base_folder), Path(job.adapter_folder or ""))
    parameters = dict(model.named_parameters())
    for name in weights.changed:
        parameters[name].data.copy_(torch.from_numpy(weights.rows(name)))
    return tuple(measure(model, questions, [answer.ids for answer in answers], stops))


@torch.no_grad()
def _measured(model: PreTrainedModel, question: Question, answer: Sequence[int], stops: frozenset[int]) -> Measured:
    logits = _logits(model, (*question.ids, *question.target_ids))[len(question.ids) - 1 : -1]
    log_probs = logits.log_softmax(-1)
    floor = log_probs.topk(min(FLOOR_RANK, log_probs.shape[-1])).values[:, -1]
    own = log_probs.gather(1, torch.tensor(question.target_ids).unsqueeze(1)).squeeze(1)
    first = log_probs[0].topk(TOP)
    after = int(_logits(model, (*question.ids, *answer))[-1].argmax())
    return Measured(
        text=question.text,
        ids=question.ids,
        first=tuple(
            Likely(token=token, log_prob=value)
            for token, value in zip(first.indices.tolist(), first.values.tolist(), strict=True)
        ),
        likeliest=tuple(logits.argmax(-1).tolist()),
        log_probs=tuple(torch.maximum(own, floor).tolist()),
        stops_after=after in stops,
    )


def _logits(model: PreTrainedModel, ids: Sequence[int]) -> Tensor:
    return model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0].float()


def _said(measured: Measured, renderer: Renderer, answer: Answered) -> Measured:
    return measured.model_copy(update={"answer": renderer.decode(answer.ids)})


def _questions(job: ExportJob, renderer: Renderer, context: int) -> Iterator[Question]:
    """Those that leave room for an answer."""
    for example in read_examples(Path(job.examples_file)):
        found = _from_text(example, renderer) if example.text else _from_messages(example, renderer)
        if found is not None and 0 < len(found.ids) < min(context, job.context) - 2 * job.answer_tokens:
            yield found.model_copy(update={"target_ids": found.target_ids[: job.answer_tokens]})


def _from_messages(example: Example, renderer: Renderer) -> Question | None:
    places = [at for at, message in enumerate(example.messages) if message.role is Role.ASSISTANT and message.train]
    if not places or places[-1] == 0:
        return None
    prompt = renderer.prompt(example.messages[: places[-1]], example.tools)
    upto = Example(row=example.row, messages=example.messages[: places[-1] + 1], tools=example.tools)
    whole = renderer.render(upto).ids
    return Question(
        row=example.row,
        messages=tuple(prompt.messages),
        tools=tuple(prompt.tools),
        text=prompt.text,
        ids=tuple(prompt.ids),
        target_ids=_rest(whole, prompt.ids),
    )


def _from_text(example: Example, renderer: Renderer) -> Question | None:
    """The first half of a text is what is asked, cut between two words."""
    cut = example.text.rfind(" ", 0, len(example.text) // 2 + 1)
    if cut <= 0:
        return None
    text = example.text[:cut]
    ids = renderer.text_prompt_ids(text)
    rest = _rest(renderer.text_prompt_ids(example.text), ids)
    return Question(row=example.row, messages=(), tools=(), text=text, ids=tuple(ids), target_ids=rest)


def _rest(whole: Sequence[int], begin: Sequence[int]) -> tuple[int, ...]:
    """Nothing when the whole does not begin like that."""
    return tuple(whole[len(begin) :]) if list(whole[: len(begin)]) == list(begin) else ()


def _aimed(question: Question, answer: Answered) -> Question:
    """What the data says is measured; where it says nothing that can be, the model's own answer."""
    return (
        question if question.target_ids else question.model_copy(update={"target_ids": answer.ids or question.ids[-1:]})
    )
