"""The form of an import: which file, how it is to be read, and which of its faults are to be mended."""

from fastapi import Request

from luthier.domain.dataset_sources import SourceOptions
from luthier.kit.frozen import Frozen

_COLUMN = "column."  # begins the name of each field that says which column is a part of the shape


class ImportForm(Frozen):
    """As it was sent. Empty means that Luthier finds it out."""

    path: str = ""
    upload: str = ""  # id of a file that was sent; goes before `path`
    name: str = ""
    shape: str = ""
    encoding: str = ""
    skip_bad_rows: bool = False
    fixes: tuple[str, ...] = ()
    columns: dict[str, str] = {}  # part of the shape -> column

    @property
    def options(self) -> SourceOptions:
        return SourceOptions(encoding=self.encoding or None, fixes=self.fixes)


async def import_form(request: Request) -> ImportForm:
    sent = await request.form()
    plain = {name: value.strip() for name, value in sent.items() if isinstance(value, str)}
    columns = {name.removeprefix(_COLUMN): value for name, value in plain.items() if name.startswith(_COLUMN) and value}
    return ImportForm(
        path=plain.get("path", ""),
        upload=plain.get("upload", ""),
        name=plain.get("name", ""),
        shape=plain.get("shape", ""),
        encoding=plain.get("encoding", ""),
        skip_bad_rows="skip_bad_rows" in plain,
        fixes=tuple(value for value in sent.getlist("fix") if isinstance(value, str)),
        columns=columns,
    )
