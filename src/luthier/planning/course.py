"""How long the parts of a training take: reading with the base, a step, a measurement of the held-out loss."""

from dataclasses import dataclass

from luthier.domain.recipes import REFERRING_METHODS, Method
from luthier.planning.drawing import drawing_seconds, measuring_seconds
from luthier.planning.duration import Speed
from luthier.planning.evaluation import REWARDED
from luthier.planning.fitting import Fit


@dataclass(frozen=True)
class Course:
    """Seconds of each part."""

    reading: float  # of every training example by the base, before the first step; 0 where nothing is compared with it
    reading_held_out: float
    share_of_step: float  # of the training examples; a run that ends within an epoch reads those that it learns from
    step: float
    measurement: float

    def seconds(self, steps: int, measurements: int) -> float:
        read = self.reading * min(1.0, steps * self.share_of_step) + self.reading_held_out
        return read + steps * self.step + measurements * self.measurement


def course_of(speed: Speed, fitted: Fit, method: Method) -> Course:
    facts, batch = fitted.load.facts, fitted.load.batch_size
    tokens = facts.sequences * min(facts.tokens_mean, fitted.max_length)  # of an example, or of a pair

    def forward(examples: int) -> float:
        read = examples * tokens
        return speed.forward_seconds(read, _passes(read, fitted)) if examples else 0.0

    strangers = 2 if method == "kto" else 1  # it reads each question with an answer to another one as well
    passes = _passes(batch * tokens, fitted)
    learning = speed.step_seconds(batch * tokens, passes) + (strangers - 1) * forward(batch)
    refers = strangers if method in REFERRING_METHODS else 0
    answers = measuring_seconds(speed, fitted.load, min(facts.held_out, REWARDED))
    return Course(
        reading=refers * forward(facts.examples),
        reading_held_out=refers * forward(facts.held_out),
        share_of_step=batch / max(1, facts.examples),
        step=learning + drawing_seconds(speed, fitted.load, passes),
        measurement=answers if fitted.load.drawn else strangers * forward(facts.held_out),
    )


def _passes(tokens: float, fitted: Fit) -> float:
    return max(1.0, tokens / fitted.micro_batch_tokens)
