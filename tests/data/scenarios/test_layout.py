"""Formatting makes one look out of many, and is what the packaged scenarios look like."""

import pytest

from luthier.data.scenarios.layout import formatted
from luthier.data.scenarios.tree import parse_tree
from tests.data.scenarios.builders import GOOD


@pytest.mark.parametrize(
    ("tidy", "untidy"),
    [
        ("\n# User\n\n", "\n#   user  ##\n"),
        ("\n# User\n\n", "\n\n\n# User\n\n\n\n"),
        ("He looks at her hands.\n", "He looks at her hands.  \t\n"),
        ("- Level: 2\n", "* level:   2   \n"),
        ("- Level: 2\n", "\n\n**Level:** 2\n\n\n"),
        ("- Rolls: 10\n", "Rolls : 10\n"),
        ("## Party\n", "## PARTY\n"),
        ("## Party\n", "## Party\n\n\n"),
        ("tags: [river, toll]\n", "tags: [river, toll]  \n"),
        ("---\ntitle", "\ufeff---  \ntitle"),
        ("The rope creaks.\n", "The rope creaks."),
        ("\n", "\r\n"),
    ],
)
def test_what_is_untidy_becomes_tidy(tidy: str, untidy: str) -> None:
    assert tidy in GOOD
    assert formatted(parse_tree(GOOD.replace(tidy, untidy))) == GOOD


def test_lists_stay_lists_and_prose_keeps_its_lines() -> None:
    listed = GOOD.replace(
        "- Inventory: dagger, rope\n", "- inventory:\n   * dagger\n   * rope\n\nShe limps.\n\nA bit.\n"
    )
    assert "- Inventory:\n  - dagger\n  - rope\n\nShe limps.\n\nA bit.\n\n# User" in formatted(parse_tree(listed))


@pytest.mark.parametrize("text", ["\n---\na\n\n\n---\nx\n", "\n\ufeff---\n", "\ufeff\ufeff\n", "---\na\n", "\n"])
def test_what_is_no_front_matter_does_not_become_some(text: str) -> None:
    once = formatted(parse_tree(text))
    assert formatted(parse_tree(once)) == once
    assert (parse_tree(once).front is None) == (parse_tree(text).front is None)


def test_code_blocks_and_sections_of_ones_own_are_left_as_they_are() -> None:
    text = f"{GOOD}\n```\n# User  \n  x\n```\n\n# Appendix\n\n-  a\n"
    assert formatted(parse_tree(text)) == text
