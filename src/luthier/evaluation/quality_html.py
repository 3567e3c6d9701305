"""The quality report as one HTML page that stands alone: no script, nothing loaded, light and dark."""

from importlib.resources import files

from jinja2 import Environment

from luthier.domain.quality_reports import QualityReport
from luthier.kit.units import show_percent


def quality_html(report: QualityReport) -> str:
    """Every text of the answers is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(show_percent=show_percent)
    template = environment.from_string(_text("luthier.evaluation", "pages/quality.html.jinja"))
    style = _text("luthier.data", "pages/preflight.css") + _text("luthier.evaluation", "pages/quality.css")
    return template.render(report=report, style=style)


def _text(package: str, path: str) -> str:
    return files(package).joinpath(path).read_text(encoding="utf-8")
