"""Which days are meant by what stands in the trail's filter. Pure."""

from __future__ import annotations

import datetime as dt

# In an address, as a choice, and from how many to how many days ago.
WORDS = (
    ("today", "Today", 0, 0),
    ("yesterday", "Yesterday", 1, 1),
    ("7-days", "Past 7 days", 6, 0),
    ("30-days", "Past 30 days", 29, 0),
)


def meant(chosen: str, today: dt.date) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of a word of WORDS or of a date; None for anything else."""
    for word, _, first, last in WORDS:
        if chosen == word:
            return today - dt.timedelta(days=first), today - dt.timedelta(days=last)
    day = date_of(chosen)
    return (day, day) if day else None


def date_of(chosen: str) -> dt.date | None:
    """None for what is no date, and at the ends of time, where no zone tells an instant."""
    try:
        day = dt.date.fromisoformat(chosen)
    except ValueError:
        return None
    return day if 1 < day.year < dt.MAXYEAR else None


def instants(days: tuple[dt.date, dt.date], zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """From the beginning of the first day until before the end of the last one."""
    first, last = days
    midnight = dt.time(tzinfo=zone)
    return (
        dt.datetime.combine(first, midnight),
        dt.datetime.combine(last + dt.timedelta(days=1), midnight),
    )
