import pytest

from luthier.domain.kept_settings import (
    SettingFromEnvironment,
    SettingInvalid,
    SettingsFileDamaged,
    SettingUnknown,
    shown,
)
from luthier.services.facts import kept_settings
from luthier.services.folders import Folders
from luthier.services.kept_settings import KeptSettings
from luthier.settings import Settings


def given(folders: Folders, **more: object) -> Settings:
    return Settings.model_validate({"home": folders.root, **more})


@pytest.fixture
def kept(folders: Folders) -> KeptSettings:
    return KeptSettings(given(folders), folders)


def test_every_setting_that_is_offered_is_one_that_is_read() -> None:
    offered = {setting.name for setting in kept_settings()}
    assert offered <= set(Settings.model_fields)
    assert {"hub_token", "home", "database_url"} & offered == set()


def test_what_is_kept_counts_at_once_and_in_the_next_process(kept: KeptSettings, folders: Folders) -> None:
    assert kept.current().electricity_price == 0.30
    kept.change({"electricity_price": "0.41", "region": "france"})
    assert (kept.current().electricity_price, kept.current().region) == (0.41, "france")
    assert KeptSettings(given(folders), folders).read().region == "france"


def test_what_is_given_wins_over_the_file_and_is_said_to(folders: Folders, kept: KeptSettings) -> None:
    kept.change({"region": "france"})
    told = KeptSettings(given(folders, region="norway"), folders)
    assert told.current().region == "norway"
    assert told.get("region").source == "environment"
    with pytest.raises(SettingFromEnvironment, match="LUTHIER_REGION"):
        told.change({"region": "germany"})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("region", "atlantis", "one of world"),
        ("runs_at_once", "0", "greater than or equal to 1"),
        ("electricity_price", "nan", "finite"),
        ("electricity_price", "-1", "greater than or equal to 0"),
        ("currency", "euro", "three capital letters"),
        ("theme", "pink", "'system', 'light' or 'dark'"),
        ("shortcuts", "perhaps", "on or off"),
        ("chats_kept_days", "soon", "integer"),
    ],
)
def test_a_wrong_value_is_refused_with_a_reason_and_nothing_is_written(
    kept: KeptSettings, folders: Folders, name: str, text: str, reason: str
) -> None:
    with pytest.raises(SettingInvalid, match=reason):
        kept.change({"density": "compact", name: text})
    assert not folders.settings.exists()


def test_an_unknown_setting_is_named(kept: KeptSettings) -> None:
    with pytest.raises(SettingUnknown, match="hub_token"):
        kept.change({"hub_token": "x"})
    with pytest.raises(SettingUnknown):
        kept.unset("hub_token")


def test_lines_that_a_person_wrote_stay(kept: KeptSettings, folders: Folders) -> None:
    folders.settings.write_text('# mine\nregion = "france"  # by the sea\n\n# the rest\ndensity = "compact"\n')
    kept.change({"region": "norway", "shortcuts": "off"})
    assert (
        folders.settings.read_text()
        == '# mine\nregion = "norway"\n\n# the rest\ndensity = "compact"\nshortcuts = false\n'
    )


def test_going_back_to_the_default_takes_the_line_out(kept: KeptSettings, folders: Folders) -> None:
    kept.change({"chats_kept_days": "30", "density": "compact"})
    kept.change({"chats_kept_days": "", "density": "comfortable"})
    assert folders.settings.read_text() == ""
    assert kept.get("chats_kept_days").source == "default"


@pytest.mark.parametrize(
    "line", ['density = "wide"', "density = ", "hub_token = 'x'", "density = 'compact'\ndensity = 'x'"]
)
def test_a_damaged_file_is_said_where_and_can_be_mended_by_unsetting(
    kept: KeptSettings, folders: Folders, line: str
) -> None:
    kept.change({"region": "france"})
    assert kept.current().region == "france"
    folders.settings.write_text(f'{line}\nregion = "norway"\n')
    with pytest.raises(SettingsFileDamaged, match=str(folders.settings)):
        kept.list()
    assert kept.current().region == "france"  # what was read last counts until the file can be read
    assert kept.fault() is not None
    kept.unset(line.partition(" ")[0])
    assert kept.fault() is None
    assert kept.current().region == "norway"


def test_a_change_by_another_process_is_seen(kept: KeptSettings, folders: Folders) -> None:
    kept.change({"density": "compact"})
    assert kept.current().density == "compact"
    KeptSettings(given(folders), folders).change({"density": "comfortable"})
    assert kept.current().density == "comfortable"


def test_every_value_is_shown_as_it_can_be_typed_again(kept: KeptSettings) -> None:
    for standing in kept.list():
        assert kept.check(standing.name, shown(standing.value)) == standing.value
