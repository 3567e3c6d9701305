"""Moments of one fixed day."""

from datetime import UTC, datetime, timedelta


def a_moment(minutes: float = 0) -> datetime:
    return datetime(2026, 5, 4, 9, 30, 0, 123456, tzinfo=UTC) + timedelta(minutes=minutes)
