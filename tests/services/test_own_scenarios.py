"""What is sent or saved from afar lands among the workspace's own scenarios, nowhere else, and overwrites nothing."""

import io
import zipfile
from pathlib import Path

import pytest

from luthier.domain.scenarios import (
    ScenarioChangedMeanwhile,
    ScenarioNameTaken,
    ScenarioNotOwn,
    ScenarioNotRemoved,
    ScenarioPathMissing,
    ScenariosHaveErrors,
    ScenarioUploadWrong,
)
from luthier.kit.clock import SystemClock
from luthier.services.folders import Folders
from luthier.services.own_scenarios import OwnScenarios
from luthier.services.removed_scenarios import RemovedScenarios
from luthier.services.uploads import Uploads
from tests.data.hostile.archives import zipped
from tests.data.scenarios.builders import GOOD, bent

WELL = GOOD.encode()
WELL_BENT = bent("category: social", "category: rest")


@pytest.fixture
def uploads(folders: Folders) -> Uploads:
    return Uploads(folders, SystemClock())


@pytest.fixture
def own(folders: Folders, uploads: Uploads) -> OwnScenarios:
    return OwnScenarios(folders.scenarios, uploads)


def sent(uploads: Uploads, name: str, content: bytes) -> str:
    return uploads.keep(name, io.BytesIO(content), len(content)).upload_id


def files(own: OwnScenarios) -> dict[str, bytes]:
    return {path.relative_to(own.folder).as_posix(): path.read_bytes() for path in own.folder.rglob("*.md")}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ford", "ford.md"),
        ("river/ford.md", "river/ford.md"),
        ("../../ford.md", "ford.md"),
        ("/etc/ford.md", "etc/ford.md"),
        ("C:\\tales\\ford.md", "tales/ford.md"),
        (".hidden/.ford.md", "hidden/ford.md"),
        ("..", "scenario.md"),
        ("ford.py", "ford.py.md"),
    ],
)
def test_a_name_cannot_lead_out_of_the_folder_nor_hide_in_it(own: OwnScenarios, name: str, place: str) -> None:
    saved = own.save(name, GOOD)
    assert Path(saved.path) == own.folder / place
    assert (saved.text, saved.is_own, own.name_of(Path(saved.path))) == (GOOD, True, place)


def test_a_file_is_replaced_only_by_who_knows_what_it_holds(own: OwnScenarios) -> None:
    first = own.save("ford.md", GOOD)
    with pytest.raises(ScenarioNameTaken, match=r"ford\.md"):
        own.save("ford.md", "other")
    second = own.save("ford.md", GOOD + "\n", replaces=first.sha256)
    with pytest.raises(ScenarioChangedMeanwhile):
        own.save("ford.md", "mine", replaces=first.sha256)
    assert own.open(second.path).text == GOOD + "\n"


def test_a_link_among_them_does_not_lead_a_save_elsewhere(own: OwnScenarios, tmp_path: Path) -> None:
    own.save("ford.md", GOOD)
    (tmp_path / "elsewhere").mkdir()
    (own.folder / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ScenarioNotOwn):
        own.save("out/ford.md", GOOD)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_lies_elsewhere_is_opened_and_is_not_its_own(own: OwnScenarios, tmp_path: Path) -> None:
    own.save("ford.md", GOOD)
    (tmp_path / "there.md").write_text(GOOD, encoding="utf-16")
    (own.folder / "link.md").symlink_to(tmp_path / "there.md")
    for path in (tmp_path / "there.md", own.folder / "link.md"):
        opened = own.open(str(path))
        assert (opened.text.lstrip("\ufeff"), opened.is_own) == (GOOD, False)
        with pytest.raises(ScenarioNotOwn):
            own.name_of(path)


@pytest.mark.parametrize("name", ["missing.md", "notes.txt", "folder.md"])
def test_only_markdown_files_are_opened(own: OwnScenarios, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("secret")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(ScenarioPathMissing):
        own.open(str(tmp_path / name))


@pytest.mark.parametrize(("content", "words"), [(b"# \xff", "0xff"), (b"a" * 1_100_000, "MiB")])
def test_a_file_that_is_no_text_is_named_with_its_fault(
    own: OwnScenarios, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "odd.md").write_bytes(content)
    with pytest.raises(ScenariosHaveErrors, match=words):
        own.open(str(tmp_path / "odd.md"))


def test_a_file_that_is_sent_twice_is_there_once_and_another_of_its_name_beside_it(
    own: OwnScenarios, uploads: Uploads, folders: Folders
) -> None:
    places = [own.bring(sent(uploads, "ford.md", content)).name for content in (WELL, WELL, WELL + b"\n")]
    assert places == ["ford.md", "ford.md", "ford-2.md"]
    assert not list(folders.uploads.glob("upl_*"))


def test_of_an_archive_the_scenarios_are_taken_and_nothing_leads_out(own: OwnScenarios, uploads: Uploads) -> None:
    content = zipped(
        ("a.md", WELL), ("deep/b.md", WELL), ("../../c.md", WELL), ("README.md", b"# One"), ("x.py", b"print()")
    )
    assert own.bring(sent(uploads, "tales.zip", content)).name == "tales"
    assert files(own) == {"tales/a.md": WELL, "tales/deep/b.md": WELL, "tales/c.md": WELL}
    assert own.bring(sent(uploads, "tales.zip", content)).name == "tales-2"


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"{number}.md", WELL + b"\n" * 1_000_000)
    return made.getvalue()


def spoilt(archive: bytes) -> bytes:
    """With a checksum that its first file does not have."""
    changed = bytearray(archive)
    changed[changed.index(b"PK\x01\x02") + 16] ^= 0xFF
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"words", "neither in .md nor in .zip"),
        ("a.md", b"a" * 1_100_000, "MiB"),
        ("a.zip", b"PK\x03\x04 cut", "ends in the middle"),
        ("a.zip", zipped(("README.md", b"# One")), "holds no scenario"),
        ("a.zip", bomb(), "times its size"),
        ("a.zip", spoilt(zipped(("a.md", WELL + b" ".join(b"%d" % n for n in range(90_000))))), "cannot be unpacked"),
    ],
    ids=["other", "large", "cut", "none", "bomb", "spoilt"],
)
def test_what_cannot_be_taken_in_leaves_nothing_behind(
    own: OwnScenarios, uploads: Uploads, folders: Folders, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(ScenarioUploadWrong, match=words):
        own.bring(sent(uploads, name, content))
    assert not own.folder.exists() or not list(own.folder.iterdir())
    assert not list(folders.uploads.glob("upl_*"))


def test_a_broken_scenario_is_kept_as_it_was_written(own: OwnScenarios) -> None:
    wrong = bent("Total: 13", "Total: 14")
    assert own.open(own.save("ford.md", wrong).path).text == wrong


def test_a_scenario_is_renamed_and_nothing_is_overwritten(own: OwnScenarios) -> None:
    own.save("river/ford.md", GOOD)
    own.save("inn.md", WELL_BENT)
    with pytest.raises(ScenarioNameTaken, match=r"inn\.md"):
        own.rename("river/ford.md", "inn")
    renamed = own.rename("river/ford.md", "deep/ferry")
    assert (own.name_of(Path(renamed.path)), renamed.text) == ("deep/ferry.md", GOOD)
    assert set(files(own)) == {"deep/ferry.md", "inn.md"}
    assert not (own.folder / "river").exists()
    with pytest.raises(ScenarioPathMissing):
        own.rename("river/ford.md", "other")


def test_what_is_removed_is_out_of_sight_and_can_be_put_back(own: OwnScenarios) -> None:
    removed = RemovedScenarios(own)
    own.save("river/ford.md", GOOD)
    assert removed.remove("river/ford.md") == "river/ford.md"
    assert own.is_empty and removed.names() == ["river/ford.md"]
    own.save("river/ford.md", WELL_BENT)
    assert removed.remove("river/ford.md") == "river/ford-2.md"
    own.save("river/ford.md", "new")
    back = removed.put_back("river/ford.md")
    assert (own.name_of(Path(back.path)), back.text) == ("river/ford-2.md", GOOD)
    assert removed.put_back("river/ford-2.md").text == WELL_BENT
    assert not removed.names() and len(files(own)) == 3
    with pytest.raises(ScenarioNotRemoved, match="ford"):
        removed.put_back("ford.md")


def test_a_link_among_them_is_neither_renamed_nor_removed(own: OwnScenarios, tmp_path: Path) -> None:
    own.save("ford.md", GOOD)
    (tmp_path / "there.md").write_text(GOOD)
    (own.folder / "link.md").symlink_to(tmp_path / "there.md")
    with pytest.raises(ScenarioNotOwn):
        own.rename("link.md", "mine.md")
    with pytest.raises(ScenarioNotOwn):
        RemovedScenarios(own).remove("link.md")
    assert (tmp_path / "there.md").exists()
