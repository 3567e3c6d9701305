"""Named moments at which a worker can be told to kill itself, so that recovery is proved at each of them."""

import os
import signal
from collections import Counter
from typing import Literal, get_args

Moment = Literal[
    "prepared",
    "before_step",
    "after_backward",
    "after_update",
    "after_step",
    "checkpoint_staged",
    "checkpoint_published",
    "checkpoint_pruned",
    "trained",
    "adapter_staged",
    "adapter_published",
]


class CrashPoints:
    """`--crash-at after_step:7` ends the process, as the system would, when it reaches `after_step` the 7th time."""

    def __init__(self, order: str | None = None) -> None:
        self._moment, _, nth = (order or "").partition(":")
        if self._moment and self._moment not in get_args(Moment):
            raise ValueError(f"there is no crash point {self._moment}; there are {', '.join(get_args(Moment))}")
        self._nth = int(nth or 1)
        self._reached: Counter[str] = Counter()

    def reach(self, moment: Moment) -> None:
        self._reached[moment] += 1
        if moment == self._moment and self._reached[moment] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
