"""Mends the texts of imported examples: by the fixes of an import, and into the forms that texts should have."""

import unicodedata
from collections.abc import Callable, Collection

from luthier.data.facts import fix_facts, trap_facts
from luthier.data.fixes import mend_row
from luthier.domain.datasets import Mapping, Shape
from luthier.domain.derivations import NameUnknown

_WHOLE = Mapping(shape=Shape.TEXT, columns={"text": "text"}, confidence=1.0, reason="a text by itself")


def repair_of(names: Collection[str] = ()) -> Callable[[str], str]:
    """The repairs of these names, one after the other; all safe ones when none are named. Raises NameUnknown."""
    known = repairs()
    if unknown := [name for name in names if name not in known]:
        raise NameUnknown(kind="repair", name=unknown[0], known=", ".join(known))
    wanted = set(names) or {name for name, safe in known.items() if safe}
    fixes = frozenset(wanted - _FORMS.keys())
    forms = [form for name, form in _FORMS.items() if name in wanted]

    def repair(text: str) -> str:
        if fixes:
            text = mend_row({"text": text}, _WHOLE, fixes).value["text"]
        for form in forms:
            text = form(text)
        return text

    return repair


def repairs() -> dict[str, bool]:
    """Every repair by name, and whether it is safe."""
    in_texts = {trap.fix for trap in trap_facts().traps} & fix_facts().keys() - {"drop_row"}
    return {name: fix_facts()[name].safe for name in sorted(in_texts)} | dict.fromkeys(_FORMS, True)


def _unify_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _normalise_unicode(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


_FORMS: dict[str, Callable[[str], str]] = {  # in the order in which they are applied
    "unify_line_ends": _unify_line_ends,
    "normalise_unicode": _normalise_unicode,
    "trim_ends": str.strip,
}
