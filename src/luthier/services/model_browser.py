"""The models to choose from: those here, those whose sizes are published, and those the hub named, now or before."""

from collections.abc import Callable, Iterable
from threading import Lock

from luthier.domain.model_cards import ON_THIS_MACHINE, HubCard, HubUnreachable, ModelCard, ModelChoice, ModelQuery
from luthier.domain.models import BaseModel
from luthier.kit.clock import Clock
from luthier.kit.files import read_json, write_json
from luthier.planning.facts import published_shapes
from luthier.planning.knowledge import Preferences
from luthier.services.folders import Folders
from luthier.services.machine import MachineProfile
from luthier.services.model_cards import Cards
from luthier.services.model_sources import STARTER
from luthier.services.models import Models

_KEPT_CARDS = 2_000
_BILLION = 1e9


class ModelBrowser:
    """Asks the hub only when it is told to; what it answered is kept in the workspace and found again offline."""

    def __init__(
        self,
        models: Models,
        machine: MachineProfile,
        folders: Folders,
        clock: Clock,
        preferences: Callable[[], Preferences] = Preferences,
    ) -> None:
        self._models = models
        self._machine = machine
        self._kept_file = folders.model_cards
        self._clock = clock
        self._preferences = preferences
        self._lock = Lock()

    def find(self, query: ModelQuery) -> ModelChoice:
        """Never fails for want of the hub: what is known without it is found, and `hub_problem` says why."""
        problem, fresh = "", None
        if query.ask_hub:
            try:
                fresh = self._models.search_hub(query.text)
                self._keep(fresh)
            except HubUnreachable as error:
                problem = error.problem.sentence
        found = [card for card in self._cards(fresh) if _suits(card, query)]
        kept = [card.seen_at for card in found if card.place == "hub" and card.seen_at is not None]
        return ModelChoice(
            cards=tuple(_sorted(found, query)),
            hub_problem=problem,
            kept_at=min(kept) if kept and fresh is None else None,
        )

    def card(self, name: str, base: BaseModel | None = None) -> ModelCard | None:
        """Of one model, from what is known without asking; `base` is what is known of it beyond that."""
        card = next((card for card in self._cards(None) if card.name == name), None)
        if base is None:
            return card
        place = card.place if card else "here" if self._models.is_here(name) else "hub"
        return self._card_maker().shaped(place, name, base.licence, base.shape)

    def kept(self) -> dict[str, HubCard]:
        """What the hub said, by name, as it said it."""
        if not self._kept_file.is_file():
            return {}
        return {card["name"]: HubCard.model_validate(card) for card in read_json(self._kept_file)}

    def licences(self) -> list[str]:
        """Of all that is known without asking, for a filter."""
        return sorted({card.licence for card in self._cards(None) if card.licence != "not stated"})

    def _keep(self, cards: Iterable[HubCard]) -> None:
        """The newest last; of very many, the oldest are forgotten."""
        with self._lock:
            known = self.kept()
            for card in cards:
                known.pop(card.name, None)
                known[card.name] = card
            newest = list(known.values())[-_KEPT_CARDS:]
            write_json(self._kept_file, [card.model_dump(mode="json") for card in newest])

    def _cards(self, fresh: Iterable[HubCard] | None) -> list[ModelCard]:
        """Each name once: what is here says most, then the hub, then what is published."""
        make = self._card_maker()
        cards = {shape.name: make.published(shape) for shape in published_shapes()}
        cards |= {said.name: make.hub(said) for said in (self.kept().values() if fresh is None else fresh)}
        here = {model.name: model for model in self._models.list()}
        cards |= {name: make.here(model) for name, model in here.items()}
        cards |= {file.name: make.gguf(file, here.get(file.name)) for file in self._models.ggufs()}
        cards.setdefault(STARTER, make.starter())
        return list(cards.values())

    def _card_maker(self) -> Cards:
        return Cards(self._machine.get(), self._preferences().device)


def _suits(card: ModelCard, query: ModelQuery) -> bool:
    words = query.text.lower().split()
    return (
        all(word in card.name.lower() for word in words)
        and (not query.place or (card.place in ON_THIS_MACHINE) == (query.place == "here"))
        and (not query.fits_only or card.fit.verdict in ("fits", "four-bits"))
        and (not query.licence or card.licence == query.licence)
        and (not query.most_parameters or (card.parameters or 0) <= query.most_parameters * _BILLION)
    )


def _nearness(card: ModelCard) -> tuple[bool, int]:
    """Within one place."""
    return not card.can_be_trained_on, -card.downloads


def _sorted(cards: list[ModelCard], query: ModelQuery) -> list[ModelCard]:
    places = {"here": 0, "file": 1, "published": 2, "hub": 3}
    match query.sort:
        case "name":
            return sorted(cards, key=lambda card: card.name.lower())
        case "size":
            return sorted(cards, key=lambda card: (card.parameters is None, card.parameters or 0))
        case "downloads":
            return sorted(cards, key=lambda card: -card.downloads)
        case "usual":
            return sorted(cards, key=lambda card: (card.name != STARTER, places[card.place], *_nearness(card)))
