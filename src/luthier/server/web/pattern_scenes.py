"""The scenario that the page of patterns shows: a sound answer, one that is wrong, every level of finding."""

from luthier.domain.findings import Finding, Level, Place
from luthier.domain.scenario_views import ScenarioView, ShownCall, ShownTurn, VariedText
from luthier.domain.scenarios import Character, Passage, Scenario, ScenarioEntry, Speaker
from luthier.server.web.scenario import NumberedLine, ScenarioEditor, ScenarioLook
from luthier.server.web.scenario_making import ScenarioVariants

_LINES = (
    NumberedLine("# TOOLCALL", None),
    NumberedLine("", None),
    NumberedLine("- Rolls: 10", None),
    NumberedLine("- Modifier: +3", None),
    NumberedLine("- Total: 14", Level.ERROR),
    NumberedLine("# Aside", Level.WARNING),
    NumberedLine("", None),
    NumberedLine("A line that goes on for so long that it does not fit and has to be told in two or even more", None),
)


def an_editor() -> ScenarioEditor:
    return ScenarioEditor(text="\n".join(line.text for line in _LINES), lines=_LINES)


def a_scenario() -> ScenarioLook:
    entry = ScenarioEntry(
        file="ferry.md",
        title="The ferry",
        category="social",
        tags=("river", "toll"),
        characters=1,
        turns=3,
        calls=2,
        errors=1,
        warnings=1,
    )
    view = ScenarioView(entry=entry, scenario=_scenario(), turns=_turns(), findings=_findings(), laid_out="")
    return ScenarioLook(view=view)


def some_variants() -> ScenarioVariants:
    text = "# User\n\nUlla greets the ferryman.\n"
    varied = VariedText(origin="ferry.md", category="social", seed=7, text=text, changed=(3,))
    return ScenarioVariants(variants=(varied,), problem=None)


def _scenario() -> Scenario:
    person = Character(
        name="Arla Venn",
        class_name="rogue",
        level=2,
        health=11,
        health_max=14,
        experience=150,
        inventory=("dagger", "rope"),
        description="She never pays twice.",
    )
    return Scenario(
        title="The ferry",
        category="social",
        tags=("river", "toll"),
        role="You are the Dungeon Master.",
        world="A wide river and one ferry.",
        location="The landing stage, at dusk.",
        party=(person,),
        passages=(Passage(title="House rules", text="Let dice decide what is uncertain."),),
        turns=(),
    )


def _turns() -> tuple[ShownTurn, ...]:
    call = ShownCall(text="[roll: persuasion dc=12 mod=+3]", line=39)
    fields = (("dice", "1d20"), ("rolls", "10"), ("modifier", "+3"), ("total", "13"), ("outcome", "success"))
    workings = ("1d20 shows 10", "rolls 10 plus modifier 3 makes 13", "13 against dc 12 is a success")
    return (
        ShownTurn(speaker=Speaker.USER, line=31, text="Arla greets the ferryman."),
        ShownTurn(speaker=Speaker.DM, line=35, text="He looks at her hands.", calls=(call,)),
        ShownTurn(speaker=Speaker.TOOLCALL, line=41, text="", fields=fields, workings=workings),
        ShownTurn(speaker=Speaker.TOOLCALL, line=50, text=""),
    )


def _findings() -> tuple[Finding, ...]:
    place = Place(file="ferry.md", line=5, character=10)
    sentences = {
        Level.ERROR: ("The total is 14, but rolls 10 plus modifier 3 makes 13.", "Write - Total: 13"),
        Level.WARNING: ("The section Aside is not trained on.", "Rename it, or remove it."),
        Level.NOTE: ("The scenario never uses its settings.", ""),
    }
    return tuple(
        Finding(code=f"scenario.{level.value}", level=level, sentence=sentence, place=place, suggestion=suggestion)
        for level, (sentence, suggestion) in sentences.items()
    )
