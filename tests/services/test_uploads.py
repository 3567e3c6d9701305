import io
import os
from datetime import timedelta

import pytest

from luthier.domain.requests import UploadNeedsSpace
from luthier.domain.uploads import UploadNotFound
from luthier.kit.clock import SystemClock
from luthier.services.folders import Folders
from luthier.services.uploads import KEPT, Uploads, plain_name


@pytest.fixture
def uploads(folders: Folders) -> Uploads:
    return Uploads(folders, SystemClock())


@pytest.mark.parametrize("name", ["orders.jsonl", "upload.json", "manifest.json"])
def test_a_sent_file_is_kept_under_its_name_until_it_is_discarded(uploads: Uploads, name: str) -> None:
    upload = uploads.keep(name, io.BytesIO(b"[1]"), 3)
    assert (upload.name, upload.bytes, uploads.path(upload.upload_id).read_bytes()) == (name, 3, b"[1]")
    uploads.discard(upload.upload_id)
    with pytest.raises(UploadNotFound, match=upload.upload_id):
        uploads.path(upload.upload_id)


@pytest.mark.parametrize("reference", ["", "..", "upl_../../etc", "/etc", "upl_none"])
def test_no_reference_leads_out_of_the_uploads(uploads: Uploads, reference: str) -> None:
    with pytest.raises(UploadNotFound):
        uploads.path(reference)


def test_a_file_for_which_there_is_no_room_is_refused_before_it_is_copied(uploads: Uploads, folders: Folders) -> None:
    with pytest.raises(UploadNeedsSpace, match="TB"):
        uploads.keep("orders.jsonl", io.BytesIO(b""), 10**21)
    assert not folders.uploads.exists()


def test_what_nobody_came_back_for_goes_after_a_day(uploads: Uploads, folders: Folders) -> None:
    old, young = (uploads.keep("a.jsonl", io.BytesIO(b"{}"), 2) for _ in range(2))
    long_ago = (SystemClock().now() - KEPT - timedelta(minutes=1)).timestamp()
    os.utime(folders.uploads / old.upload_id, (long_ago, long_ago))
    uploads.tidy()
    assert [folder.name for folder in folders.uploads.iterdir()] == [young.upload_id]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\users\\me\\orders.csv", "orders.csv"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("", "upload"),
        (None, "upload"),
        ("..", "upload"),
        (".bashrc", "bashrc"),
        ("a\x00b\nc.jsonl", "abc.jsonl"),
        ("commandes d’atelier.jsonl", "commandes d’atelier.jsonl"),
        ("x" * 300 + ".jsonl", "x" * 114 + ".jsonl"),
    ],
)
def test_the_name_of_a_sent_file_cannot_lead_elsewhere(sent: str | None, kept: str) -> None:
    assert plain_name(sent) == kept
