"""Datasets, their scores and what is made of them, on a store in a folder, with a model that says what it is told."""

import json
from collections.abc import Callable, Generator
from typing import Any

from luthier.connectors.dataset_sources import DatasetSources
from luthier.domain.chat import ChatPiece, ChatRequest
from luthier.domain.datasets import Dataset, Origin
from luthier.kit.clock import SystemClock
from luthier.services.chat import Chat
from luthier.services.dataset_jobs import DatasetJobs
from luthier.services.datasets import Datasets
from luthier.services.derivations import Derivations
from luthier.services.folders import Folders
from luthier.services.models import Models
from luthier.services.quality import Quality
from luthier.settings import Settings
from luthier.store import Store

QUESTIONS = (
    "Where do you keep the hide glue overnight?",
    "Which wood suits the back of a lute?",
    "How often is a bow rehaired by players?",
    "What does a new sound post for a cello cost?",
    "Can varnish be dried in the morning sun?",
    "Who made the violin with the lion's head?",
    "Why do gut strings fall before a thunderstorm?",
    "Is a crack beside the f-hole dangerous?",
    "When are the workshop's summer holidays?",
    "Are old labels ever to be believed?",
)


class Speaker:
    """Stands where the model process is: says what it is told to say, and remembers what was asked."""

    def __init__(self) -> None:
        self.say: Callable[[str], str] = lambda question: f"In other words: {question}"
        self.asked: list[ChatRequest] = []
        self.open = 0
        self.pieces = 0  # of answers that somebody took

    def stream(self, request: ChatRequest) -> Generator[ChatPiece, None, None]:
        self.asked.append(request)
        self.open += 1
        try:
            question = request.messages[-1].content.rpartition("\n\n")[2]
            for letter in self.say(question):
                self.pieces += 1
                yield ChatPiece(text=letter)
            yield ChatPiece(done=True, stop_reason="stop")
        finally:
            self.open -= 1


class Bench:
    def __init__(self, store: Store, folders: Folders) -> None:
        self.store = store
        self.folders = folders
        self.speaker = Speaker()
        settings = Settings(home=folders.root, hub_endpoint="http://127.0.0.1:9")
        self.datasets = Datasets(store, folders, SystemClock(), DatasetSources(settings, SystemClock()))
        models = Models(settings, folders, SystemClock())
        self.quality = Quality(self.datasets, models, folders, SystemClock())
        self.derivations = Derivations(self.datasets, self.quality, Chat(store, models, self.speaker), SystemClock())
        self.jobs = DatasetJobs(self.datasets, self.quality, self.derivations, folders, SystemClock())
        self.derive = self.derivations.derive

    def imported(self, name: str, rows: list[tuple[str, str]]) -> Dataset:
        path = self.folders.root / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"prompt": one, "completion": other}) + "\n" for one, other in rows))
        return self.datasets.import_file(str(path))

    def orders(self) -> Dataset:
        return self.imported("orders", [(question, f"answer {at}") for at, question in enumerate(QUESTIONS)])

    def rows(self, dataset: Dataset) -> list[dict[str, Any]]:
        return self.datasets.preview(dataset, 0, 1000)

    def origins(self, dataset: Dataset) -> list[Origin | None]:
        return [example.origin for example in self.datasets.examples(dataset)]

    def left_behind(self) -> set[str]:
        kept = {dataset.dataset_id for dataset in self.datasets.list()}
        return {path.name for path in (self.folders.root / "datasets").iterdir()} - kept
