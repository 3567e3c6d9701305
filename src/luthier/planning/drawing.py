"""What GRPO adds to a step: the answers that are drawn to each question, read twice and learnt from."""

from dataclasses import replace

from luthier.domain.plans import DataFacts
from luthier.domain.recipes import Method
from luthier.planning.duration import Speed
from luthier.planning.load import Drawn, Load


def with_drawing(method: Method, settled: dict[str, str | int | float | bool | None], load: Load) -> Load:
    """A batch of questions becomes a batch of answers, each taken to be as long as it may get."""
    if method != "grpo":
        return load
    size, tokens = int(settled["group_size"] or 0), int(settled["answer_tokens"] or 0)
    drawn = Drawn(answers=load.batch_size * size, tokens=tokens, reads_base=bool(settled["kl_weight"]))
    facts = _with_answers(load.facts, tokens, load.shape.context_length)
    return replace(load, facts=facts, batch_size=drawn.answers, drawn=drawn)


def drawing_seconds(speed: Speed, load: Load, passes: float) -> float:
    """Of one step: every answer grows by a token at a time, and the base reads them all once more in `passes`."""
    if load.drawn is None:
        return 0.0
    reading = speed.forward_seconds(load.batch_size * load.facts.tokens_mean, passes)
    return load.drawn.tokens * speed.answer_seconds(load.drawn.answers) + (reading if load.drawn.reads_base else 0.0)


def measuring_seconds(speed: Speed, load: Load, questions: int) -> float:
    """Of the answers to held-out questions."""
    return 0.0 if load.drawn is None or not questions else load.drawn.tokens * speed.answer_seconds(questions)


def _with_answers(facts: DataFacts, tokens: int, context: int) -> DataFacts:
    """Of what is learnt from, where answers that were drawn stand for those of the examples."""
    question = facts.tokens_mean * (1 - facts.supervised_share)
    return facts.model_copy(
        update={
            "tokens_p50": min(context, facts.tokens_p50 + tokens),
            "tokens_p95": min(context, facts.tokens_p95 + tokens),
            "tokens_max": min(context, facts.tokens_max + tokens),
            "tokens_mean": question + tokens,
            "supervised_share": tokens / (question + tokens),
        }
    )
