"""What is wrong with the headings of a scenario, so that no text is taken for another's by a slip of the pen."""

import re
from collections.abc import Iterable

from luthier.data.scenarios.faults import Faults, nearest
from luthier.data.scenarios.lines import Line
from luthier.data.scenarios.tree import Section, Tree, heading_of, outside_fences
from luthier.domain.scenarios import Speaker

SYSTEM = "SYSTEM"
NOTES = "Notes"
_MAIN = (SYSTEM, *(speaker.value for speaker in Speaker))
_WITHOUT_BLANK = re.compile(r" {0,3}(#{1,6})([A-Za-z]{1,20})[ \t]{0,9}")


def check_headings(tree: Tree, faults: Faults) -> None:
    if tree.open_fence is not None:
        sentence = "A code block begins here and does not end; every heading after it is part of it."
        faults.fault("fence_unclosed", sentence, tree.open_fence.spot(), "Close it with the same marks.", "```")
    for line in tree.preamble if tree.open_front is None else ():
        if not line.is_blank:
            sentence = "This text stands before the first heading and is not trained on."
            faults.doubt("text_outside", sentence, line.spot(), "Put it under ## Role, or under # Notes.")
            break
    _check_slips(tree.preamble, faults)
    first_turn = next((section.heading.number for section in tree.sections if _is_turn(section)), None)
    systems = 0
    for section in tree.sections:
        if section.named(SYSTEM):
            systems += 1
            _check_system_place(section, systems, first_turn, faults)
        elif not _is_turn(section):
            _check_unknown(section, faults)
        _check_slips(section.lines(), faults)


def _is_turn(section: Section) -> bool:
    return any(section.named(speaker.value) for speaker in Speaker)


def _check_system_place(section: Section, count: int, first_turn: int | None, faults: Faults) -> None:
    if count > 1:
        sentence = "There is a second SYSTEM section."
        faults.fault("system_repeated", sentence, section.heading.spot(), "Put both into one.", "one # SYSTEM")
    elif first_turn is not None and section.heading.number > first_turn:
        sentence = "SYSTEM comes after the first turn."
        faults.fault(
            "system_late", sentence, section.heading.spot(), "Move it before the first turn.", "# SYSTEM first"
        )


def _check_unknown(section: Section, faults: Faults) -> None:
    """A heading that is nearly one of ours is a slip; another one begins a section that is kept and not trained on."""
    if section.named(NOTES):
        return
    meant = nearest(section.title, _MAIN)
    known = ", ".join(f"# {word}" for word in (*_MAIN, NOTES))
    if meant:
        sentence = f"There is no section {section.title!r}."
        faults.fault("heading_unknown", sentence, section.heading.spot(), f"Did you mean # {meant}?", known)
        return
    sentence = f"The section {section.title!r} is kept, and not trained on."
    suggestion = "Use ## for a heading inside of a turn, or call the section # Notes."
    faults.doubt("section_unused", sentence, section.heading.spot(), suggestion, known)


def _check_slips(lines: Iterable[Line], faults: Faults) -> None:
    """Headings of turns with more than one number sign, or without the blank after it."""
    for line, is_text in outside_fences(lines):
        if not is_text or not line.text.lstrip().startswith("#"):
            continue
        heading = heading_of(line.text)
        glued = _WITHOUT_BLANK.fullmatch(line.text)
        word = heading[1] if heading is not None and heading[0] > 1 else glued[2] if glued else ""
        meant = next((main for main in _MAIN if main.casefold() == word.casefold()), "")
        if meant:
            sentence = f"{meant} begins a section, which takes one number sign and a blank."
            faults.fault("heading_form", sentence, line.spot(), f"Write # {meant}", f"# {meant}")
