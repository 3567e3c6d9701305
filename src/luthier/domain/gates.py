"""Gates: suites on which a version may not get worse before it takes the place of another."""

from luthier.domain.errors import Action, NotAllowedNow, NotFound
from luthier.kit.frozen import Frozen


class Gate(Frozen):
    suite: str
    allowed_drop: float = 0.0  # of the mean score, 0 to 1


class GateCheck(Frozen):
    suite: str
    passed: bool
    sentence: str
    difference: float | None = None  # of candidate less champion, where both were measured
    allowed_drop: float
    command: str | None = None  # that measures what is missing


class GateVerdict(Frozen):
    passed: bool
    version: str
    champion: str | None
    checks: tuple[GateCheck, ...]

    @property
    def sentence(self) -> str:
        if not self.checks:
            return "No suite is gated."
        failed = [check.sentence for check in self.checks if not check.passed]
        return " ".join(failed) if failed else f"All {len(self.checks)} gated suites passed."


class PromotionRefused(NotAllowedNow):
    code = "gates.refused"
    sentence = "{version} is not promoted. {reason}"
    actions = (
        Action(label="Measure what is missing, or look at the cases that got worse", command="{command}"),
        Action(label="Or change the gate", command="luthier suites gate SUITE --allowed-drop N"),
    )


class GateNotFound(NotFound):
    code = "gates.not_found"
    sentence = "The suite {suite} is not gated."
    actions = (Action(label="See the gates", command="luthier suites list"),)
