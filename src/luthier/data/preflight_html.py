"""The preflight report as one HTML page that stands alone: no script, nothing loaded, light and dark."""

from importlib.resources import files

from jinja2 import Environment

from luthier.data.token_view import shown_text
from luthier.domain.preflight import PreflightReport
from luthier.kit.units import show_count, show_percent


def preflight_html(report: PreflightReport, title: str = "Preflight") -> str:
    """Every text of the examples is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(shown_text=shown_text, show_count=show_count, show_percent=show_percent)
    folder = files("luthier.data").joinpath("pages")
    template = environment.from_string(folder.joinpath("preflight.html.jinja").read_text(encoding="utf-8"))
    style = folder.joinpath("preflight.css").read_text(encoding="utf-8")
    return template.render(report=report, title=title, style=style)
