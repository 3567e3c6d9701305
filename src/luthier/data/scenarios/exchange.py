"""Who may speak when: every call is answered once and in order before the DM goes on, and the DM has the last word."""

from collections import deque

from luthier.data.scenarios.faults import Faults
from luthier.data.scenarios.lines import Spot
from luthier.domain.scenarios import Call, Speaker


class Exchange:
    """Told of each turn in its order."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._open: deque[Call] = deque()
        self._previous: Speaker | None = None
        self._previous_at = Spot(1, 1)
        self._dm_spoke = False

    def speaks(self, speaker: Speaker, at: Spot) -> None:
        """A User or DM turn begins."""
        self._require_answers()
        if self._previous is None and speaker is Speaker.DM:
            sentence = "The DM speaks before the user has; some chat templates refuse that."
            self._faults.doubt("turn_order", sentence, at, "Begin with a User turn, or tell the scene in Location.")
        elif self._previous is speaker:
            sentence = f"Two turns in a row are of {speaker.value}; some chat templates refuse that."
            self._faults.doubt("turn_order", sentence, at, "Put them into one turn.", "User and DM in turn")
        elif self._previous is Speaker.TOOLCALL and speaker is Speaker.USER:
            sentence = "Nobody tells what came of the call."
            suggestion = "Add a DM turn after the TOOLCALL."
            self._faults.doubt("result_untold", sentence, self._previous_at, suggestion, "a DM turn")
        self._dm_spoke = self._dm_spoke or speaker is Speaker.DM
        self._previous, self._previous_at = speaker, at

    def calls(self, calls: tuple[Call, ...]) -> None:
        """In the turn that began last."""
        self._open.extend(calls)

    def answers(self, at: Spot) -> Call | None:
        """A TOOLCALL begins: the call that it answers, if one is open."""
        call = self._open.popleft() if self._open else None
        if call is None:
            sentence = "This answers no call: all that were made before are answered."
            suggestion = "Remove it, or write the call into the DM turn before it, e.g. [roll: stealth dc=15]."
            self._faults.fault("answer_without_call", sentence, at, suggestion, "a call before it")
        self._previous, self._previous_at = Speaker.TOOLCALL, at
        return call

    def ends(self, heading: Spot) -> None:
        """`heading` is where to complain when nothing was said at all."""
        self._require_answers()
        if not self._dm_spoke:
            sentence = "The DM says nothing, so there is nothing to learn."
            self._faults.fault("answer_missing", sentence, heading, "Add a heading # DM and a text.", "a DM turn")
        elif self._previous is not Speaker.DM:
            sentence = "The last turn is not the DM's; nothing is learned from it."
            self._faults.doubt("turn_order", sentence, self._previous_at, "End with a DM turn.", "a DM turn")

    def _require_answers(self) -> None:
        while self._open:
            call = self._open.popleft()
            sentence = f"This call of {call.tool} is not answered before the story goes on."
            suggestion = "Put a # TOOLCALL with its result after this turn."
            self._faults.fault("call_unanswered", sentence, Spot(call.line, call.character), suggestion, "# TOOLCALL")
