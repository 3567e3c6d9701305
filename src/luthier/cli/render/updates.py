"""What is known of newer versions of Luthier."""

from collections.abc import Iterable

from rich.console import RenderableType

from luthier.cli.render.moments import local_time
from luthier.cli.render.text import plain, soft
from luthier.domain.updates import UpdateNews


def show_news(news: UpdateNews) -> Iterable[RenderableType]:
    yield plain(news.sentence, "" if news.newer is None else "good")
    if news.newer is not None:
        yield plain("  pip install --upgrade luthier", "command")
    if news.problem:
        yield plain(news.problem, "warn")
    asked = f"Asked {local_time(news.asked_at)}." if news.asked_at else "Nobody has asked yet."
    yield soft(f"{asked} {'A server asks once a day.' if news.automatic else 'Nothing is asked by itself.'}")
