"""What goes wrong in scenarios: each with the code that has to be found, and the text at whose begin it is found."""

from typing import NamedTuple

from tests.data.scenarios.builders import (
    ANSWER,
    ASKED,
    CALL,
    FRONT,
    GOOD,
    PARTY,
    SYSTEM,
    TOLD,
    TURNS,
    bent,
    with_turns,
    with_vary,
)


class Hazard(NamedTuple):
    code: str
    text: str
    at: str  # the finding's place is where this begins
    warning: bool = False


CALLING = f"# DM\n\nHe looks.\n\n{CALL}\n"
PLAIN = "# DM\n\nHe laughs.\n"
DEEP = "{a | " * 5 + "b" + "}" * 5


def _called(call: str) -> str:
    return bent(CALL, call)


def _told(text: str) -> str:
    return bent("The rope creaks.", text)


FRONT_MATTER = {
    "no front matter": Hazard("front_matter_missing", f"{SYSTEM}\n{TURNS}", "# SYSTEM"),
    "front matter without end": Hazard("front_matter_unclosed", GOOD.replace("toll]\n---", "toll]"), "---"),
    "no title": Hazard("title_missing", bent("title: The ferry\n", ""), "category: social"),
    "empty title": Hazard("title_missing", bent("title: The ferry", "title:"), "title:"),
    "title is a list": Hazard("front_matter_type", bent("title: The ferry", "title: [a]"), "[a]"),
    "no category": Hazard("category_missing", bent("category: social\n", ""), "title: The"),
    "unknown category": Hazard("category_unknown", bent("category: social", "category: sociable"), "sociable"),
    "no tags": Hazard("tags_missing", bent("tags: [river, toll]\n", ""), "title: The", True),
    "tag is a mapping": Hazard("front_matter_type", bent("[river, toll]", "[river, {a: b}]"), "{a: b}"),
    "not YAML": Hazard("front_matter_syntax", bent("title: The ferry", "title: 'The ferry"), "'The ferry"),
    "anchor": Hazard("front_matter_syntax", bent("title: The ferry", "title: &a The ferry"), "&a"),
    "tag of a type": Hazard("front_matter_syntax", bent("title: The ferry", "title: !!python/name:os.system x"), "!!p"),
    "key twice": Hazard("front_matter_syntax", bent("category: social", "title: x\ncategory: social"), "title: x"),
    "list for a key": Hazard("front_matter_syntax", bent("category: social", "? [a]\n: b\ncategory: social"), "[a]"),
    "too deep": Hazard("front_matter_syntax", bent("category: social", "x: [[[[[[{a: b}]]]]]]"), "{a: b}"),
    "line separator": Hazard("front_matter_syntax", bent("The ferry", "The\u2028ferry"), "\u2028"),
    "only a text": Hazard("front_matter_syntax", f"---\nhello\n---\n\n{SYSTEM}\n{TURNS}", "hello"),
    "vary is a text": Hazard("vary_type", bent("category: social", "category: social\nvary: all"), "all"),
    "unknown rule": Hazard("vary_unknown", with_vary("  name: [a]\n"), "name: [a]"),
    "unknown aspect": Hazard("vary_aspect", with_vary("  keep: [levels, nmes]\n"), "nmes"),
    "levels backwards": Hazard("vary_levels", with_vary("  levels: 5-2\n"), "5-2"),
    "name that opens a span": Hazard("vary_character", with_vary('  names: ["{x"]\n'), '"{x"'),
    "name of a setting": Hazard("setting_name", with_vary("  settings:\n    a b: [c]\n"), "a b"),
    "settings is a list": Hazard("vary_type", with_vary("  settings: [a]\n"), "[a]"),
    "empty list": Hazard("vary_type", with_vary("  names: []\n"), "[]"),
    "list in a list": Hazard("vary_type", with_vary("  names: [[a]]\n"), "[a]]"),
}

SECTIONS = {
    "no SYSTEM": Hazard("system_missing", f"{FRONT}\n{TURNS}", "# User"),
    "two SYSTEMs": Hazard("system_repeated", GOOD.replace("# User", "# SYSTEM\n\n# User"), "# SYSTEM\n\n# User"),
    "SYSTEM late": Hazard("system_late", f"{FRONT}\n{TURNS}\n{SYSTEM}", "# SYSTEM"),
    "text in SYSTEM": Hazard("system_text", bent("## Role", "You are.\n\n## Role"), "You are.\n", True),
    "no World": Hazard("part_missing", bent("## World\n\nA wide river and one ferry.\n\n", ""), "# SYSTEM"),
    "World empty": Hazard("part_empty", bent("A wide river and one ferry.", ""), "## World"),
    "World twice": Hazard("part_repeated", bent("## Location", "## World\n\nx\n\n## Location"), "## World\n\nx"),
    "party without characters": Hazard("party_empty", bent(PARTY, "## Party\n"), "## Party"),
    "character without name": Hazard("character_unnamed", bent("### Arla Venn", "###"), "###"),
    "two of one name": Hazard(
        "character_repeated", bent(PARTY, PARTY + PARTY.split("## Party\n")[1].replace("Arla", "arla")), "### arla"
    ),
    "no level": Hazard("character_field_missing", bent("- Level: 2\n", ""), "### Arla"),
    "level is no number": Hazard("character_field_type", bent("Level: 2", "Level: two"), "two"),
    "level too high": Hazard("character_field_type", bent("Level: 2", "Level: 21"), "21"),
    "more health than there is": Hazard("character_field_type", bent("11/14", "15/14"), "15/14"),
    "health twice": Hazard("character_field_repeated", bent("- Level: 2", "- Health: 3\n- Level: 2"), "Health: 11"),
    "empty inventory": Hazard("character_field_type", bent("dagger, rope", "dagger,, rope"), "dagger,,"),
    "misspelt heading": Hazard("heading_unknown", GOOD.replace("# User", "# Usr"), "# Usr"),
    "unknown section": Hazard("section_unused", f"{GOOD}\n# Appendix\n\nx\n", "# Appendix", True),
    "two number signs": Hazard("heading_form", GOOD.replace("# User", "## User"), "## User"),
    "no blank": Hazard("heading_form", GOOD.replace("# User", "#User"), "#User"),
    "text before headings": Hazard("text_outside", bent("# SYSTEM", "Hello.\n\n# SYSTEM"), "Hello.", True),
    "code block without end": Hazard("fence_unclosed", _told("\n\n```\nx"), "```"),
}

TURN_ORDER = {
    "no DM": Hazard("answer_missing", with_turns(ASKED), "# SYSTEM"),
    "empty turn": Hazard("turn_empty", bent("Arla greets the ferryman.", ""), "# User"),
    "DM first": Hazard("turn_order", with_turns(PLAIN), "# DM", True),
    "user twice": Hazard("turn_order", with_turns(ASKED, "# User\n\nAnd?\n", PLAIN), "# User\n\nAnd", True),
    "user last": Hazard("turn_order", with_turns(ASKED, PLAIN, "# User\n\nAnd?\n"), "# User\n\nAnd", True),
    "call without answer": Hazard("call_unanswered", with_turns(ASKED, CALLING, "# User\n\nAnd?\n", PLAIN), CALL),
    "call at the end": Hazard("call_unanswered", with_turns(ASKED, CALLING), CALL),
    "answer without call": Hazard("answer_without_call", with_turns(ASKED, PLAIN, ANSWER, PLAIN), "# TOOLCALL"),
    "answered twice": Hazard(
        "answer_without_call",
        with_turns(ASKED, CALLING, ANSWER, ANSWER.replace("Dice: 1d20", "dice: 1d20"), PLAIN),
        "#2",
    ),
    "result untold": Hazard("result_untold", with_turns(ASKED, CALLING, ANSWER, ASKED, PLAIN), "# TOOLCALL", True),
    "text after a call": Hazard("text_after_call", _called(f"{CALL} Quick!"), CALL, True),
    "call of a user": Hazard("call_misplaced", bent("Arla greets", "[roll: luck] Arla greets"), "[roll: luck]", True),
}

CALLS = {
    "unknown tool": Hazard("tool_unknown", _told("[rol: luck dc=3]"), "[rol:"),
    "call without end": Hazard("call_unclosed", _told("[roll: luck"), "[roll: luck"),
    "no subject": Hazard("argument_missing", _told("[roll: dc=12]"), "[roll: dc"),
    "unknown argument": Hazard("argument_unknown", _told("[roll: luck dx=12]"), "dx=12"),
    "argument twice": Hazard("argument_repeated", _told("[roll: luck dc=12 dc=13]"), "dc=13"),
    "difficulty in words": Hazard("argument_type", _told("[roll: luck dc=hard]"), "dc=hard"),
    "difficulty out of bounds": Hazard("argument_type", _told("[roll: luck dc=41]"), "dc=41"),
    "no such dice": Hazard("argument_type", _told("[roll: luck dice=0d6]"), "dice=0d6"),
    "keeping more than thrown": Hazard("argument_type", _told("[roll: luck dice=2d6kh3]"), "dice=2d6kh3"),
}

ANSWERS = {
    "prose in an answer": Hazard("answer_line", bent("- Dice: 1d20", "He rolls well.\n- Dice: 1d20"), "He rolls well."),
    "unknown field": Hazard("answer_field", bent("- Rolls: 10", "- Roll: 10"), "Roll: 10"),
    "field twice": Hazard("answer_repeated", bent("- Rolls: 10", "- Rolls: 10\n- rolls: 10"), "rolls: 10"),
    "rolls in words": Hazard("answer_type", bent("Rolls: 10", "Rolls: ten"), "ten"),
    "empty field": Hazard("answer_type", bent("Rolls: 10", "Rolls:\n"), "#field"),
    "no total": Hazard("answer_incomplete", bent("- Total: 13\n", ""), "# TOOLCALL"),
    "other skill": Hazard("answer_differs", bent("Skill: persuasion", "Skill: stealth"), "stealth"),
    "other modifier": Hazard("answer_differs", GOOD.replace("r: +3", "r: +2").replace("Total: 13", "Total: 12"), "+2"),
    "modifier left out": Hazard("answer_differs", bent("- Modifier: +3\n", "").replace(": 13", ": 10"), "# TOOLCALL"),
    "other dice": Hazard("answer_differs", bent("Dice: 1d20", "Dice: 1d12"), "1d12"),
    "too many rolls": Hazard("rolls_count", bent("Rolls: 10", "Rolls: 4, 6"), "4, 6"),
    "a die of 20 sides shows 21": Hazard(
        "rolls_range", bent("Rolls: 10", "Rolls: 21").replace("Total: 13", "Total: 24"), "21"
    ),
    "wrong sum": Hazard("total_wrong", bent("Total: 13", "Total: 14"), "14\n- Outcome"),
    "wrong outcome": Hazard("outcome_wrong", bent("Outcome: success", "Outcome: failure"), "failure\n"),
    "no outcome": Hazard("outcome_missing", bent("- Outcome: success\n", ""), "# TOOLCALL"),
}

SPANS = {
    "span without end": Hazard("span_unclosed", _told("{so"), "{so"),
    "brace that closes nothing": Hazard("span_unopened", _told("so}"), "}\n#end"),
    "one alternative": Hazard("span_single", _told("{only this, really}"), "{only"),
    "too deep": Hazard("span_nested", _told(DEEP), "{a | b"),
    "heading in a span": Hazard("span_block", _told("\n{x | # DM}"), "# DM}"),
    "call in a span": Hazard("call_in_span", _told("{[roll: luck] | b}"), "[roll: luck]"),
    "unknown setting": Hazard("setting_unknown", _told("{weather}"), "{weather}"),
    "unknown field told": Hazard("span_field", _told("{persuasion.totl}"), "{persuasion.totl}"),
    "no such call": Hazard("branch_no_call", _told("{stealth.total}"), "{stealth.total}"),
    "before any call": Hazard(
        "branch_no_call", bent("He looks at her hands.", "{success: a | failure: b}"), "{success: a"
    ),
    "some without outcome": Hazard("branch_mixed", _told("{success: a | b}"), "{success: a"),
    "two calls in one span": Hazard("branch_mixed", _told("{persuasion=success: a | luck=failure: b}"), "{persuasion"),
    "unknown outcome": Hazard("branch_unknown", _told("{persuasion=succes: a | persuasion=failure: b}"), "succes: a"),
    "outcome twice": Hazard("branch_repeated", _told("{success: a | success: b | failure: c}"), "success: b"),
    "outcome left out": Hazard("branch_missing", _told("{success: a}"), "{success: a}"),
    "no outcome to tell": Hazard(
        "branch_no_outcome",
        with_turns(
            ASKED,
            "# DM\n\nOuch.\n\n[roll: persuasion mod=+3]\n",
            ANSWER.replace("- Outcome: success\n", ""),
            TOLD,
        ),
        "{success",
    ),
}

HAZARDS = (
    FRONT_MATTER | SECTIONS | TURN_ORDER | CALLS | ANSWERS | {f"span: {name}": each for name, each in SPANS.items()}
)
