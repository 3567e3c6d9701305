"""Contexts to responses: one environment, autoescaped, in which a name that is not there is an error."""

from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from luthier.server.web.assets import asset_url
from luthier.server.web.context import Context
from luthier.server.web.reports import report_of
from luthier.server.web.words import FILTERS
from luthier.services.help import Help

TEMPLATES = Path(__file__).parent.parent / "templates"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = Help()
    environment.globals.update(asset_url=asset_url, part=_part, tip=said.tip, glossary=said.term, copied=report_of)
    environment.filters.update(FILTERS)
    return environment


def _part(context: Context) -> Markup:
    """A fragment inside a page: the same template and the same context as when it is asked for alone."""
    return Markup(_draw(context))  # noqa: S704 - an autoescaped template made it


ENVIRONMENT = _environment()


def render(context: Context, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_draw(context), status_code=status, headers={"Cache-Control": "no-store"})


def _draw(context: Context) -> str:
    return ENVIRONMENT.get_template(context.template).render(context.variables())
