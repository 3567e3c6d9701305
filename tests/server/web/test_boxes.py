"""Every component lies where it lay when somebody last looked at it."""

import pytest

from tests.server.web.boxes import differences, measure, read_reference
from tests.server.web.visiting import Visitor

pytestmark = pytest.mark.browser


def test_every_pattern_is_laid_out_as_it_was_when_last_looked_at(visitor: Visitor) -> None:
    visitor.open("/-/patterns")
    found = differences(read_reference(), measure(visitor.page))
    assert not found, "Look at /-/patterns; if it is as it should be: make pictures\n" + "\n".join(found[:20])


@pytest.mark.parametrize(
    "rule",
    [
        ".button { padding-left: 40px }",
        ".with-unit span { display: none }",
        ".table td { padding-block: 20px }",
        ".ring { width: 80px }",
    ],
)
def test_a_style_that_breaks_a_component_is_found(visitor: Visitor, rule: str) -> None:
    visitor.open("/-/patterns")
    visitor.page.evaluate(
        "rule => { const s = new CSSStyleSheet(); s.replaceSync(rule); document.adoptedStyleSheets = [s]; }", rule
    )
    assert differences(read_reference(), measure(visitor.page))
