"""What the page of patterns shows of the help: its drawer with and without a topic, and what a search finds or not."""

from luthier.domain.help import Hit, Term, Topic
from luthier.server.web.help_panel import GuideLink, HelpPanel
from luthier.server.web.palette import Found


def help_panels() -> tuple[HelpPanel, ...]:
    topic = Topic(path="/runs", title="Runs", says="Everything that was trained here, or still is.")
    terms = (
        Term(key="loss", term="loss", says="How far the model's answers are from those of the examples."),
        Term(key="checkpoint", term="checkpoint", says="All that a run needs to go on from a step."),
    )
    guide = GuideLink("Running and resuming", "/help/guide/running-and-resuming")
    return HelpPanel(topic=topic, terms=terms, guides=(guide,)), HelpPanel(topic=None, terms=(), guides=())


def palette_lists() -> tuple[Found, ...]:
    hits = (
        Hit(kind="page", label="Runs", note="", address="/runs"),
        Hit(
            kind="run",
            label="a run with a name that goes on for so long that it needs a second line",
            note="failed",
            address="/runs",
        ),
        Hit(kind="term", label="loss", note="How far the model's answers are from the examples.", address="/help"),
    )
    return Found(words="", hits=hits), Found(words="mahogany", hits=())
