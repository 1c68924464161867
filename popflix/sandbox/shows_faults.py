"""What can be wrong with a feed of shows, by name: in every answer for as long as it is set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from popflix.sandbox.faults import FaultSpecError

Json = dict[str, Any]
SHOW_FAULTS = {
    "empty": "a feed that lists no show at all",
    "missing-cinema": "every show of the last cinema is left out",
    "shifted": "all times are 5:30 h later",
    "duplicates": "every third show stands there twice, some of them with other words",
    "dst-night": "shows at 02:30 of the nights in which Berlin's clocks are changed",
    "bad-rows": "some rows that cannot be read",
    "html": "status 200 with an HTML page",
    "cut": "the connection ends in the middle of the feed",
}
_LATER = dt.timedelta(hours=5, minutes=30)
_MOMENT = "%Y-%m-%dT%H:%M:%S.000Z"


def parse_show_faults(spec: str) -> frozenset[str]:
    """Read `missing-cinema,bad-rows`. Raises FaultSpecError for an unknown name."""
    names = [part.strip() for part in spec.split(",") if part.strip()]
    for name in names:
        if name not in SHOW_FAULTS:
            raise FaultSpecError(f"{name!r}: no such fault; known are {', '.join(SHOW_FAULTS)}")
    return frozenset(names)


def spoilt(rows: Sequence[Json], faults: Collection[str], first: dt.date) -> list[Any]:
    """The rows with what these faults make of them; `html` and `cut` are the answer's."""
    if "empty" in faults:
        return []
    found: list[Any] = [dict(row) for row in rows]
    if "missing-cinema" in faults:
        last = max((row["cinema_id"] for row in found), default=0)
        found = [row for row in found if row["cinema_id"] != last]
    if "shifted" in faults:
        found = [{**row, "movie_showTime": _shifted(row["movie_showTime"])} for row in found]
    if "dst-night" in faults:
        found += _dst_nights(found[:1], first)
    if "duplicates" in faults:
        found += _again(found)
    if "bad-rows" in faults:
        found += _bad(found[:1])
    return found


def _shifted(written: str) -> str:
    return f"{dt.datetime.strptime(written, _MOMENT) + _LATER:{_MOMENT}}"


def _again(rows: Sequence[Json]) -> list[Json]:
    """A third of the rows; half of these differ, so that somebody has to choose."""
    again = []
    for number, row in enumerate(rows[::3]):
        other: Mapping[str, Any] = {}
        if number % 4 == 1:
            other = {"is_active": "N"}
        elif number % 4 == 3:
            other = {"movie_rating": "A"}
        again.append({**row, **other})
    return again


def _dst_nights(like: Sequence[Json], first: dt.date) -> list[Json]:
    """02:30 is left out in the spring, and comes twice in the autumn."""
    nights = [_last_sunday(first, 3), _last_sunday(first, 10)]
    return [
        {**row, "movie_showTime": f"{night}T02:30:00.000Z", "screen_name": "NIGHT"}
        for night in nights
        for row in like
    ]


def _last_sunday(first: dt.date, month: int) -> dt.date:
    """Of that month, this year's where it is still to come."""
    for year in (first.year, first.year + 1):
        last = dt.date(year, month, 31)  # both months have 31 days
        sunday = last - dt.timedelta((last.weekday() + 1) % 7)
        if sunday >= first:
            return sunday
    raise AssertionError("a year has both nights")


def _bad(like: Sequence[Json]) -> list[Any]:
    """Rows as broken as feeds have had them; the first two are easily mended."""
    bad: list[Any] = []
    for row in like:
        bad += [
            {**row, "movie_title": None, "screen_name": "BAD 1"},
            {**row, "movie_showTime": "tomorrow at nine", "screen_name": "BAD 2"},
            {**row, "cinema_id": "the one at the river"},
            {**row, "movie_length": [120], "screen_name": "BAD 4"},
            "no row at all",
        ]
    return bad
