"""Examples as a base model sees them: token by token, with what is trained on and what begins and ends a turn."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from luthier.data.render import Renderer
from luthier.data.token_view import MOST_TOKENS, token_spans
from luthier.domain.datasets import Dataset, Example
from luthier.domain.preflight import ShownRow
from luthier.services.datasets import Datasets
from luthier.services.models import Models

_RENDERERS = 4  # kept: a tokenizer takes some tenths of a second to read and some tens of megabytes to hold


class Tokens:
    def __init__(self, datasets: Datasets, models: Models) -> None:
        self._datasets = datasets
        self._models = models
        self._renderers: dict[str, Renderer] = {}
        self._lock = Lock()

    def rows(self, dataset: Dataset, positions: Iterable[int], base: str) -> list[ShownRow]:
        """The rows at these positions, counted from 0; at most 400 tokens of each.

        A base that is not here is fetched first. Raises what that raises, and TemplateRefused.
        """
        renderer = self._renderer(base)
        return [_shown(example, renderer) for example in self._datasets.file(dataset).at(positions)]

    def _renderer(self, base: str) -> Renderer:
        folder = self._models.get(base).folder
        with self._lock:
            renderer = self._renderers.pop(folder, None) or Renderer(Path(folder))
            self._renderers[folder] = renderer  # the newest last
            while len(self._renderers) > _RENDERERS:
                del self._renderers[next(iter(self._renderers))]
        return renderer


def _shown(example: Example, renderer: Renderer) -> ShownRow:
    rendered = renderer.render(example)
    spans = token_spans(rendered.ids[:MOST_TOKENS], rendered.supervised[:MOST_TOKENS], renderer)
    return ShownRow(row=example.row, tokens=tuple(spans), more_tokens=max(0, len(rendered.ids) - MOST_TOKENS))
