"""Notices as channels are given them."""

from typing import Any

from luthier.domain.notices import Notice, Urgency
from tests.builders.moments import a_moment


def a_notice(**changes: Any) -> Notice:
    values: dict[str, Any] = {
        "notice_id": "note_1",
        "key": "run_1:milestone:50",
        "at": a_moment(),
        "kind": "milestone",
        "urgency": Urgency.LOW,
        "title": "orders: 50 %",
        "sentence": "Step 30 of 60, loss 0.1234.",
        "run_id": "run_1",
        "run_name": "orders",
    }
    return Notice(**(values | changes))
