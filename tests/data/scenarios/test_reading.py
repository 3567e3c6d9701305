"""A scenario that is written as the guide says is read as its author meant it."""

from luthier.domain.scenarios import Speaker
from tests.data.scenarios.builders import ANSWER, ASKED, CALL, FRONT, GOOD, TOLD, bent, codes, read, sound, with_turns


def test_the_good_scenario_has_nothing_to_complain_about() -> None:
    assert read(GOOD).findings == ()


def test_the_typed_view_holds_everything_that_is_written() -> None:
    scenario = sound(GOOD)
    assert (scenario.title, scenario.category, scenario.tags) == ("The ferry", "social", ("river", "toll"))
    assert (scenario.role, scenario.location) == ("You are the Dungeon Master.", "The landing stage.")
    (arla,) = scenario.party
    assert (arla.name, arla.class_name, arla.level, arla.experience) == ("Arla Venn", "rogue", 2, 150)
    assert (arla.health, arla.health_max, arla.inventory) == (11, 14, ("dagger", "rope"))
    assert [turn.speaker.value for turn in scenario.turns] == ["User", "DM", "TOOLCALL", "DM"]
    (call,) = scenario.turns[1].calls
    assert (call.tool, call.arguments) == ("roll", {"skill": "persuasion", "dc": 12, "mod": 3})
    assert scenario.turns[2].answer == {
        "dice": "1d20",
        "rolls": (10,),
        "modifier": 3,
        "total": 13,
        "outcome": "success",
    }


def test_the_outcome_that_was_thrown_decides_what_is_told() -> None:
    assert sound(GOOD).turns[3].text == "He nods. The rope creaks."
    failed = GOOD.replace("Rolls: 10", "Rolls: 2").replace("Total: 13", "Total: 5")
    assert sound(failed.replace("Outcome: success", "Outcome: failure")).turns[3].text == "He spits. The rope creaks."


def test_the_first_alternative_and_the_first_value_are_those_as_written() -> None:
    text = bent("The rope creaks.", "{The rope | The plank} creaks in {weather}.")
    text = text.replace("category: social\n", "category: social\nvary:\n  settings:\n    weather: [fog, rain]\n")
    assert sound(text).turns[3].text == "He nods. The rope creaks in fog."


def test_a_field_of_an_answer_can_be_told() -> None:
    assert sound(bent("The rope creaks.", "A {persuasion.total}.")).turns[3].text == "He nods. A 13."


def test_an_outcome_of_an_earlier_call_is_found_by_its_subject() -> None:
    second = ANSWER.replace("persuasion", "stealth").replace("Rolls: 10", "Rolls: 1").replace("Total: 13", "Total: 4")
    text = with_turns(
        ASKED,
        f"# DM\n\nTwo at once.\n\n{CALL}\n[roll: stealth dc=12 mod=+3]\n",
        ANSWER,
        second.replace("success", "failure"),
        "# DM\n\n{persuasion=success: A | persuasion=failure: B}{success: C | failure: D}\n",
    )
    assert sound(text).turns[-1].text == "AD"


def test_spans_can_stand_in_spans() -> None:
    assert (
        sound(bent("He nods.", "He {nods | bows} {twice | once}.")).turns[3].text == "He nods twice. The rope creaks."
    )


def test_a_span_that_says_nothing_leaves_no_hole() -> None:
    text = bent("He nods. | failure: He spits.} The", "| failure: He spits.} The")
    assert sound(text).turns[3].text == "The rope creaks."
    assert sound(text.replace("# DM\n\n{success", "# DM\n\nWell. {success")).turns[3].text == "Well. The rope creaks."


def test_a_backslash_makes_brackets_and_braces_text() -> None:
    assert sound(bent("The rope creaks.", r"\[roll: nothing] \{success: x\} a \\ b")).turns[3].text == (
        r"He nods. [roll: nothing] {success: x} a \ b"
    )


def test_the_lines_of_a_paragraph_flow_together_and_lists_keep_theirs() -> None:
    text = bent("The rope creaks.", "The rope\ncreaks.\n\n- one\n- two\n\n> quoted\n> twice")
    assert sound(text).turns[3].text == "He nods. The rope creaks.\n\n- one\n- two\n\n> quoted\n> twice"


def test_a_link_is_no_call_and_a_heading_inside_of_a_turn_is_text() -> None:
    text = bent("The rope creaks.", "See [map: east](map.png).\n\n## The letter\n\nCome.")
    assert sound(text).turns[3].text.endswith("See [map: east](map.png).\n\n## The letter\n\nCome.")


def test_headings_in_code_blocks_begin_no_turn() -> None:
    scenario = sound(bent("The rope creaks.", "A sign:\n\n```\n# User\nkeep out\n```"))
    assert [turn.speaker for turn in scenario.turns].count(Speaker.USER) == 1
    assert "# User" in scenario.turns[-1].text


def test_headings_are_understood_in_any_case_and_fields_in_any_usual_form() -> None:
    text = GOOD.replace("# User", "# user").replace("# DM", "# dm #").replace("# SYSTEM", "# System")
    text = text.replace("- Class: rogue", "**Class:** rogue").replace("- Level: 2", "* level: 2")
    text = text.replace("- Inventory: dagger, rope", "- Inventory:\n  - dagger\n  - rope")
    assert sound(text).party == sound(GOOD).party


def test_every_line_end_and_a_byte_order_mark_give_the_same_scenario() -> None:
    expected = sound(GOOD)
    for text in (GOOD.replace("\n", "\r\n"), GOOD.replace("\n", "\r"), "\ufeff" + GOOD):
        assert sound(text) == expected


def test_what_else_an_author_writes_is_kept() -> None:
    text = bent("category: social\n", "category: social\nauthor: me\nsources: [a, {b: c}]\n")
    text = text.replace("## Party", "## House rules\n\nNo dragons.\n\n## Party")
    text = text.replace("- Level: 2", "- Level: 2\n- Pet: a newt\n\nShe limps.")
    scenario = sound(text)
    assert scenario.extras == {"author": "me", "sources": ["a", {"b": "c"}]}
    assert [(passage.title, passage.text) for passage in scenario.passages] == [("House rules", "No dragons.")]
    assert (scenario.party[0].others, scenario.party[0].description) == ({"Pet": "a newt"}, "She limps.")


def test_words_that_yaml_would_take_for_other_things_stay_words() -> None:
    assert sound(bent("title: The ferry", "title: no")).title == "no"
    assert sound(bent("tags: [river, toll]", "tags: 1e3, 0x10")).tags == ("1e3", "0x10")


def test_keeping_the_higher_of_two_dice_counts_only_that_one() -> None:
    text = bent(CALL, "[roll: persuasion dc=12 mod=+3 dice=2d20kh1]")
    text = text.replace("Dice: 1d20", "Dice: 2d20kh1").replace("Rolls: 10", "Rolls: 4, 10")
    assert sound(text).turns[2].answer is not None
    assert codes(text.replace("2d20kh1", "2d20kl1")) == ["total_wrong", "outcome_wrong"]


def test_notes_are_kept_silently_and_not_read() -> None:
    scenario = sound(f"{GOOD}\n# Notes\n\n{{unclosed [roll: nothing\n")
    assert len(scenario.turns) == 4


def test_a_call_without_a_difficulty_needs_no_outcome() -> None:
    answer = ANSWER.replace("- Outcome: success\n", "").replace("persuasion", "damage").replace("1d20", "2d6")
    text = with_turns(
        ASKED,
        "# DM\n\nIt hurts.\n\n[roll: damage dice=2d6 mod=+3]\n",
        answer.replace("Rolls: 10", "Rolls: 4, 6"),
        TOLD.replace("{success: He nods. | failure: He spits.}", "{damage.total} points."),
    )
    assert sound(text).turns[-1].text == "13 points. The rope creaks."


def test_a_total_that_just_reaches_the_difficulty_is_a_success() -> None:
    assert codes(bent(CALL, "[roll: persuasion dc=13 mod=+3]")) == []
    assert codes(bent(CALL, "[roll: persuasion dc=14 mod=+3]")) == ["outcome_wrong"]


def test_a_file_without_tags_is_sound_and_warned_about() -> None:
    assert codes(GOOD.replace("tags: [river, toll]\n", "")) == ["tags_missing"]
    assert FRONT in GOOD
