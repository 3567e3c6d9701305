"""Moments as people read them: in their own time zone, to the minute."""

from datetime import datetime


def local_time(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "not yet"
