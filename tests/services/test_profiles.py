"""A workspace's own profiles: read from its folder, and refused with the place that is wrong."""

import pytest

from luthier.domain.profiles import ProfileInvalid
from luthier.services.folders import Folders
from luthier.services.profiles import Profiles

GOOD = """
kind = "use"
summary = "Order forms."
source = "Our own runs."
values = [{ name = "epochs", value = 2, reason = "A third pass made no difference." }]
"""


def write(folders: Folders, name: str, text: str) -> None:
    folders.profiles.mkdir(exist_ok=True)
    (folders.profiles / f"{name}.toml").write_text(text, encoding="utf-8")


def test_a_file_in_the_workspace_is_a_profile_of_its_name(folders: Folders) -> None:
    write(folders, "orders", GOOD)
    found = Profiles(folders).list()
    assert found[-1].name == "orders"
    assert found[0].name == "chatbot"


def test_a_profile_of_ones_own_replaces_the_built_in_one(folders: Folders) -> None:
    write(folders, "chatbot", GOOD)
    assert [each.summary for each in Profiles(folders).list() if each.name == "chatbot"] == ["Order forms."]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (GOOD.replace('"epochs"', '"epoch"'), "values.1.name"),
        (GOOD.replace('kind = "use"', 'kind = "dream"'), "kind"),
        (GOOD.replace("reason", "raison"), "values.1.reason"),
        ("kind = ", "its text"),
        (GOOD + 'colour = "red"', "colour"),
    ],
)
def test_a_mistake_is_named_with_the_file_and_the_place(folders: Folders, text: str, where: str) -> None:
    write(folders, "orders", text)
    with pytest.raises(ProfileInvalid) as caught:
        Profiles(folders).list()
    assert "orders.toml" in caught.value.problem.sentence
    assert f"at {where}:" in caught.value.problem.sentence
