"""One search over everything that has a name: pages, actions, runs, datasets, versions, and the handbook."""

from luthier.domain.help import Hit
from luthier.handbook.entries import actions, topics
from luthier.handbook.search import find, rank_of, words_in
from luthier.store import Store
from luthier.store.naming import Named

_OF_EACH_KIND = 6
_LONGEST = 200  # characters of a question; what is longer was pasted by mistake


class Search:
    def __init__(self, store: Store) -> None:
        self._store = store

    def everything(self, words: str, most: int = 24) -> list[Hit]:
        """What one can do or open first, then the handbook. Without words, what is mostly wanted."""
        wanted = words_in(words[:_LONGEST])
        if not wanted:
            return [*_actions([]), *_pages([])][:most]
        return [*_actions(wanted), *_pages(wanted), *self._named(wanted), *_explained(words[:_LONGEST])][:most]

    def _named(self, wanted: list[str]) -> list[Hit]:
        with self._store.reading() as tx:
            runs = tx.naming.runs(wanted, _OF_EACH_KIND)
            datasets = tx.naming.datasets(wanted, _OF_EACH_KIND)
            versions = tx.naming.versions(wanted, _OF_EACH_KIND)
        return [
            *(_run(each) for each in runs),
            *(_numbered("dataset", "/datasets", each) for each in datasets),
            *(_numbered("version", "/versions", each) for each in versions),
        ]


def _run(found: Named) -> Hit:
    return Hit(kind="run", label=found.name, note=f"{found.note}, {found.id}", address=f"/runs/{found.id}")


def _numbered(kind: str, place: str, found: Named) -> Hit:
    label = f"{found.name}@{found.note}"
    return Hit.model_validate({"kind": kind, "label": label, "note": found.id, "address": f"{place}/{found.id}"})


def _actions(wanted: list[str]) -> list[Hit]:
    hits = [Hit(kind="action", label=each.label, note=each.also, address=each.address) for each in actions()]
    return _fitting(hits, wanted)


def _pages(wanted: list[str]) -> list[Hit]:
    pages = (topic for topic in topics().values() if topic.is_one_page)
    return _fitting([Hit(kind="page", label=page.title, note=page.says, address=page.path) for page in pages], wanted)


def _explained(words: str) -> list[Hit]:
    return [hit for hit in find(words, _OF_EACH_KIND * 3) if hit.kind != "page"]


def _fitting(hits: list[Hit], wanted: list[str]) -> list[Hit]:
    if not wanted:
        return hits
    ranked = [(rank, hit) for hit in hits if (rank := rank_of(wanted, f"{hit.label} {hit.note}"))]
    return [hit for _, hit in sorted(ranked, key=lambda pair: pair[0], reverse=True)]
