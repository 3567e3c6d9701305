"""What a reference means: fetched only from where it may be, with passwords left out of everything that is shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.connectors.dataset_sources import DatasetSources, is_reference, plain_stem, without_secrets
from luthier.data.readers.rows import Reading
from luthier.domain.dataset_sources import (
    DatabaseUnreachable,
    HubDatasetNotFound,
    HubDatasetSplits,
    QueryMissing,
    QueryNotUsed,
    SourceHostNotAllowed,
    SourceUnreachable,
)
from luthier.settings import Settings
from tests.connectors.hubs import COMMIT, SmallHub
from tests.data.hostile.cases import GOOD
from tests.kit.clocks import PatientClock
from tests.kit.loopback import Exchange, Loopback, loopback

LINES = f"{GOOD}\n{GOOD}\n".encode()


class Site:
    """Answers each path with bytes, or sends the caller on to another address."""

    def __init__(self, **pages: bytes | str) -> None:
        self.pages = pages

    def __call__(self, exchange: Exchange) -> None:
        page = self.pages.get(exchange.path.partition("?")[0].strip("/").partition(".")[0])
        if isinstance(page, str):
            exchange.answer(302, Location=page)
        elif page is None:
            exchange.answer(404)
        else:
            exchange.answer(200, page)


@pytest.fixture
def site() -> Iterator[Loopback]:
    with loopback(Site(rows=LINES, page=b"<html>Sign in</html>")) as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Loopback]:
    with loopback(Site(rows=LINES, metadata=b"secret")) as server:
        yield server


def sources(folder: Path, *origins: str, hub: str = "http://127.0.0.1:9", offline: bool = False) -> DatasetSources:
    settings = Settings(data_origins=origins, hub_cache=folder, hub_endpoint=hub, offline=offline)
    return DatasetSources(settings, PatientClock())


def rows_of(opened: DatasetSources, reference: str, **how: str) -> list[object]:
    return [row.value for row in opened.open(reference, Reading(**how)).rows() if row.number]


def test_an_address_on_the_list_is_read(site: Loopback, tmp_path: Path) -> None:
    opened = sources(tmp_path, site.address)
    source = opened.open(f"{site.address}/rows.jsonl?version=2", Reading())
    assert len(list(source.rows())) == 2
    assert source.name == f"{site.address}/rows.jsonl?version=2"


@pytest.mark.parametrize("origin", ["https://127.0.0.1", "http://localhost", "http://127.0.0.1:1", ""])
def test_an_address_whose_scheme_host_or_port_is_another_is_not_asked(
    site: Loopback, tmp_path: Path, origin: str
) -> None:
    with pytest.raises(SourceHostNotAllowed, match=r"127\.0\.0\.1"):
        sources(tmp_path, origin).open(f"{site.address}/rows.jsonl", Reading())
    assert site.seen == []


@pytest.mark.parametrize(
    "disguise", ["http://127.0.0.1:{port}@evil.example/rows", "http://127.0.0.1:{port}\\@evil.example/rows"]
)
def test_an_address_that_only_looks_allowed_is_not_asked(site: Loopback, tmp_path: Path, disguise: str) -> None:
    with pytest.raises((SourceHostNotAllowed, SourceUnreachable)):
        sources(tmp_path, site.address).open(disguise.format(port=site.server_port), Reading())
    assert site.seen == []


def test_a_redirect_to_a_place_that_is_not_on_the_list_is_not_followed(elsewhere: Loopback, tmp_path: Path) -> None:
    with (
        loopback(Site(rows=f"{elsewhere.address}/metadata")) as server,
        pytest.raises(SourceUnreachable, match="not on the list"),
    ):
        sources(tmp_path, server.address).open(f"{server.address}/rows.jsonl", Reading())
    assert elsewhere.seen == []


def test_a_redirect_within_the_list_is_followed(elsewhere: Loopback, tmp_path: Path) -> None:
    with loopback(Site(rows=f"{elsewhere.address}/rows.jsonl")) as server:
        opened = sources(tmp_path, server.address, elsewhere.address)
        assert len(rows_of(opened, f"{server.address}/rows.jsonl")) == 2


def test_what_is_fetched_again_replaces_what_was_there(site: Loopback, tmp_path: Path) -> None:
    opened = sources(tmp_path, site.address)
    assert len(rows_of(opened, f"{site.address}/rows.jsonl")) == 2
    site.script = Site(rows=f"{GOOD}\n".encode())
    assert len(rows_of(opened, f"{site.address}/rows.jsonl")) == 1


def test_an_address_that_answers_badly_has_a_sentence(site: Loopback, tmp_path: Path) -> None:
    opened = sources(tmp_path, site.address)
    with pytest.raises(SourceUnreachable, match="404"):
        opened.open(f"{site.address}/nothing", Reading())
    with pytest.raises(SourceUnreachable, match="cannot be reached"):
        sources(tmp_path, "http://127.0.0.1:9").open("http://127.0.0.1:9/rows", Reading())


@pytest.mark.parametrize(
    "address", ["https://", "https://[", "https://:80/x", "http://a:b@[c", "https://a:99999999/x", "HTTPS://?"]
)
def test_what_is_no_address_is_said_and_nothing_else_happens(tmp_path: Path, address: str) -> None:
    with pytest.raises((SourceUnreachable, SourceHostNotAllowed)) as raised:
        sources(tmp_path).open(address, Reading())
    assert "a:b" not in raised.value.problem.model_dump_json()
    assert plain_stem(address)


@pytest.mark.parametrize("path", ["/..", "/a/%2e%2e", "/" + "x" * 300 + ".jsonl", "/a:b|c", "/"])
def test_no_name_in_an_address_decides_where_on_the_disk_it_goes(tmp_path: Path, path: str) -> None:
    with loopback(lambda exchange: exchange.answer(200, LINES)) as server:
        assert len(rows_of(sources(tmp_path / "cache", server.address), f"{server.address}{path}")) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["cache"]
    (web,) = (tmp_path / "cache" / "datasets" / "web").iterdir()
    assert len(list(web.iterdir())) == 1


def test_offline_nothing_is_asked(site: Loopback, tmp_path: Path) -> None:
    opened = sources(tmp_path, site.address, hub=site.address, offline=True)
    for reference in (f"{site.address}/rows.jsonl", "hub:some/rows"):
        with pytest.raises(SourceUnreachable, match="offline"):
            opened.open(reference, Reading())
    assert site.seen == []


def a_hub(**files: bytes) -> SmallHub:
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in files.items()}
    return SmallHub("some/rows", named, kind="datasets")


def test_a_hubs_dataset_is_read_without_its_readme_and_kept(tmp_path: Path) -> None:
    hub = a_hub(
        a_dot_jsonl=LINES, data__b_dot_csv=b"prompt,completion\nx,y\n", README_dot_md=b"# Rows", run_dot_py=b"x"
    )
    with loopback(hub) as server:
        opened = sources(tmp_path, hub=server.address)
        assert len(rows_of(opened, "hub:some/rows")) == 3
        asked = len(server.seen)
        assert len(rows_of(opened, "hub:some/rows")) == 3
        assert len(server.seen) == asked + 1  # the listing, which says that nothing has changed
        assert not any("README" in path or ".py" in path for path, _ in server.seen)


def test_one_file_or_folder_of_a_hubs_dataset_can_be_named(tmp_path: Path) -> None:
    hub = a_hub(train_dot_jsonl=LINES, test__a_dot_jsonl=f"{GOOD}\n".encode())
    with loopback(hub) as server:
        opened = sources(tmp_path, hub=server.address)
        assert len(rows_of(opened, "hub:some/rows/train.jsonl")) == 2
        assert len(rows_of(opened, f"hub:some/rows@{COMMIT}/test")) == 1
        with pytest.raises(HubDatasetNotFound):
            opened.open("hub:some/rows/validation.jsonl", Reading())


def test_training_and_test_files_are_never_mixed_in_silence(tmp_path: Path) -> None:
    with (
        loopback(a_hub(train_dot_jsonl=LINES, test_dot_jsonl=LINES)) as server,
        pytest.raises(HubDatasetSplits, match=r"train\.jsonl") as raised,
    ):
        sources(tmp_path, hub=server.address).open("hub:some/rows", Reading())
    assert raised.value.problem.actions[0].command == "luthier datasets check hub:some/rows/train.jsonl"


def test_files_that_are_not_what_the_listing_promised_are_refused(tmp_path: Path) -> None:
    hub = a_hub(a_dot_jsonl=LINES)
    hub.tampered["a.jsonl"] = LINES[::-1]
    with loopback(hub) as server, pytest.raises(SourceUnreachable, match=r"a\.jsonl"):
        sources(tmp_path, hub=server.address).open("hub:some/rows", Reading())


@pytest.mark.parametrize("name", ["../../evil.jsonl", "/etc/evil.jsonl", "a\\..\\evil.jsonl"])
def test_names_in_a_listing_that_lead_elsewhere_are_passed_over(tmp_path: Path, name: str) -> None:
    hub = a_hub(a_dot_jsonl=LINES)
    hub.files[name] = LINES
    with loopback(hub) as server:
        assert len(rows_of(sources(tmp_path / "cache", hub=server.address), "hub:some/rows")) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["cache"]


@pytest.mark.parametrize(
    "nonsense", [b"<html>", b"[]", b'{"sha": "../x", "siblings": []}', b'{"sha": 5, "siblings": 7}']
)
def test_a_hub_that_answers_nonsense_is_unreachable_and_no_crash(tmp_path: Path, nonsense: bytes) -> None:
    hub = a_hub()
    hub.replaced_by = nonsense
    with loopback(hub) as server, pytest.raises(SourceUnreachable):
        sources(tmp_path, hub=server.address).open("hub:some/rows", Reading())


@pytest.mark.parametrize("reference", ["hub:", "hub:rows", "hub:../rows", "hub:some/rows/../../x", "hub:some/ro ws"])
def test_what_cannot_be_a_name_on_the_hub_is_not_asked_for(tmp_path: Path, reference: str) -> None:
    with pytest.raises(HubDatasetNotFound):
        sources(tmp_path).open(reference, Reading())


def test_a_path_and_an_sqlite_address_need_no_network(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    opened = sources(tmp_path, offline=True)
    assert len(rows_of(opened, str(tmp_path / "a.jsonl"))) == 2
    assert len(rows_of(opened, f"sqlite:///{tmp_path}/a.jsonl")) == 2


def test_a_query_and_what_is_no_database_do_not_go_together(site: Loopback, tmp_path: Path) -> None:
    with pytest.raises(QueryNotUsed):
        sources(tmp_path, site.address).open(f"{site.address}/rows.jsonl", Reading(query="SELECT 1"))
    with pytest.raises(QueryMissing):
        sources(tmp_path).open("postgresql://127.0.0.1/shop", Reading())


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    source = sources(tmp_path).open("postgresql://me:hush@127.0.0.1:9/shop", Reading(query="SELECT 1"))
    with pytest.raises(DatabaseUnreachable) as raised:
        list(source.rows())
    assert "hush" not in raised.value.problem.model_dump_json()
    assert "postgresql://127.0.0.1:9/shop" in raised.value.problem.sentence
    assert "hush" not in source.name


@pytest.mark.parametrize(
    ("reference", "is_one", "stem", "shown"),
    [
        ("hub:some/rows", True, "rows", "hub:some/rows"),
        ("hub:some/rows@v1/data/train.jsonl", True, "train", "hub:some/rows@v1/data/train.jsonl"),
        ("https://me:hush@example.org/a/rows.jsonl.gz?x=1", True, "rows", "https://example.org/a/rows.jsonl.gz?x=1"),
        ("postgresql://me:hush@db.example/shop", True, "shop", "postgresql://db.example/shop"),
        ("rows.jsonl", False, "rows", "rows.jsonl"),
        ("hubs/rows.jsonl", False, "rows", "hubs/rows.jsonl"),
    ],
)
def test_references_are_told_from_paths_and_shown_without_secrets(
    reference: str, is_one: bool, stem: str, shown: str
) -> None:
    assert is_reference(reference) is is_one
    assert plain_stem(reference) == stem
    assert without_secrets(reference) == shown
