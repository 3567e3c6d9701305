"""Lists in pages: `next` is handed back as `cursor`, and is null on the last page."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="how many items at most")]
Cursor = Annotated[str | SkipJsonSchema[None], Query(max_length=200, description="`next` of the page before")]


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: str | None = Field(description="hand it back as `cursor` for the next page; null on the last one")


def page_of(items: Sequence[T], id_of: Callable[[T], str], cursor: str | None, limit: int) -> Page[T]:
    """Of a list that is short enough to be read whole. A cursor whose item is gone starts at the beginning."""
    ids = [id_of(item) for item in items]
    start = ids.index(cursor) + 1 if cursor in ids else 0
    shown = items[start : start + limit]
    more = start + limit < len(items)
    return Page(items=list(shown), next=id_of(shown[-1]) if more else None)
