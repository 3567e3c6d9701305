"""A template and its context class agree: no variable is missing, none is given in vain, and no template is alone."""

import inspect
from dataclasses import fields

import pytest
from jinja2 import meta, nodes

from luthier.server import web
from luthier.server.web.context import Context
from luthier.server.web.rendering import ENVIRONMENT, TEMPLATES

assert web.routers


def contexts(parent: type[Context] = Context) -> list[type[Context]]:
    found = []
    for child in parent.__subclasses__():
        if not inspect.isabstract(child) and "template" in vars(child):
            found.append(child)
        found += contexts(child)
    # dataclass(slots=True) makes each class twice; the newer one carries the fields.
    return list({kind.__qualname__: kind for kind in found}.values())


def variables_of(template: str) -> set[str]:
    """Read by the template or by the layouts that it extends."""
    source = (TEMPLATES / template).read_text()
    tree = ENVIRONMENT.parse(source)
    found = meta.find_undeclared_variables(tree) - set(ENVIRONMENT.globals)
    for extended in tree.find_all(nodes.Extends):
        found |= variables_of(extended.template.value)  # type: ignore[attr-defined]
    imported = {
        alias if isinstance(alias, str) else alias[1]
        for node in tree.find_all(nodes.FromImport)
        for alias in node.names
    }
    return found - imported - {macro.name for macro in tree.find_all(nodes.Macro)}


@pytest.mark.parametrize("kind", contexts(), ids=lambda kind: kind.__name__)
def test_a_context_holds_exactly_what_its_template_reads(kind: type[Context]) -> None:
    assert variables_of(kind.template) == {field.name for field in fields(kind)}  # type: ignore[arg-type]


def test_every_page_and_fragment_has_a_context() -> None:
    files = {
        path.relative_to(TEMPLATES).as_posix()
        for folder in ("pages", "fragments")
        for path in (TEMPLATES / folder).iterdir()
    }
    assert files == {kind.template for kind in contexts()}


def test_a_name_that_is_not_there_is_an_error_and_not_an_empty_place() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ nobody.said_so }}").render()
