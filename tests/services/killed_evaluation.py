"""Evaluates in a process of its own, to be killed: `HOME`; answers two questions, then hangs at the third."""

import sys
import time
from collections.abc import Generator
from pathlib import Path

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.chat import (
    ChatPiece,
    ChatRequest,
    ChatTarget,
    Embedding,
    EmbeddingRequest,
    Likelihood,
    LikelihoodRequest,
)
from luthier.kit.clock import SystemClock
from luthier.orchestration.guests.speaking import Guests
from luthier.services.datasets import Datasets
from luthier.services.evaluation_deepeval import DeepEvalScoring
from luthier.services.evaluation_harness import HarnessEvaluating
from luthier.services.evaluation_making import EvaluationMaking
from luthier.services.evaluations import Evaluations
from luthier.services.folders import Folders
from luthier.services.suites import Suites
from luthier.settings import Settings
from luthier.store import open_store


class Slow:
    """Answers two questions and is then at work for longer than anybody waits."""

    def __init__(self) -> None:
        self._answered = 0

    def resolve(self, reference: str) -> ChatTarget:
        return ChatTarget(label=reference, base_folder=f"/models/{reference}")

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        self._answered += 1
        if self._answered == 3:
            sys.stdout.write("hangs\n")
            sys.stdout.flush()
            time.sleep(600)
        yield ChatPiece(text="from before", done=True)

    def embed(self, request: EmbeddingRequest) -> tuple[Embedding, ...]:
        raise NotImplementedError

    def weigh(self, request: LikelihoodRequest) -> Likelihood:
        raise NotImplementedError


def main(home: Path) -> None:
    clock, folders, store = SystemClock(), Folders(home), open_store(home / "luthier.db")
    datasets = Datasets(store, folders, clock, DatasetSources(Settings(home=home, offline=True), clock))
    guests = Guests(folders, offline=True)
    harness = HarnessEvaluating(guests, folders)
    making = EvaluationMaking(
        store, Suites(datasets, folders), Slow(), None, harness, DeepEvalScoring(guests, folders), clock
    )
    Evaluations(store, folders, making, clock).run_here("good", "sums", lambda progress: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
