"""Geometry and words of progress, sparklines and bars. Pure.

Everything is laid out in a box of WIDTH × HEIGHT that the page stretches to the place it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 280, 60
_EDGE = 4  # room for the width of a stroke
_GAP = 0.28  # of a bar's step
_LEAST = 1.5  # a bar that is not nothing can be seen

Point = tuple[str, float]  # a label and its value
Column = tuple[str, float, float]  # a label, what went well, what failed


def share(done: int, total: int | None) -> float | None:
    """Percent done, 0 to 100; None where nobody knows of how many. Of nothing all is done."""
    if total is None:
        return None
    return 100.0 if total <= 0 else max(0.0, min(100.0, round(100 * done / total, 1)))


def progress_words(done: int, total: int | None, noun: str) -> str:
    """`31,870 of 48,210 titles`."""
    of = f" {noun}" if noun else ""
    if total is None:
        return f"{done:,}{of}, total unknown"
    return f"{done:,} of {total:,}{of}" if total > 0 or done else "Nothing to do"


def figure(value: float) -> str:
    """`4,400`, `93.4`, `0.25`: as many decimals as say something."""
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Line:
    """`line` and `area` are the data of SVG paths, `last` the dot at the end, `limit` a height."""

    line: str
    area: str
    last: str
    limit: float | None


def line(
    values: Sequence[float], limit: float | None = None, floor: float | None = None
) -> Line | None:
    """A line over its own range, which limit and floor belong to; None where there is no value."""
    if not values:
        return None
    known = [*values, *(each for each in (limit, floor) if each is not None)]
    low, high = min(known), max(known)

    def height(value: float) -> float:
        level = 0.5 if high else 0.0  # nought all the time lies on the ground
        part = (value - low) / (high - low) if high > low else level
        return round(HEIGHT - _EDGE - part * (HEIGHT - 2 * _EDGE), 1)

    step = (WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    places = [(round(_EDGE + index * step, 1), height(each)) for index, each in enumerate(values)]
    if len(places) == 1:  # one value is a level, not a point
        places = [(_EDGE, places[0][1]), (WIDTH - _EDGE, places[0][1])]
    drawn = "L".join(f"{x:g} {y:g}" for x, y in places)
    (first, _), (x, y) = places[0], places[-1]
    return Line(
        line=f"M{drawn}",
        area=f"M{drawn}L{x:g} {HEIGHT}L{first:g} {HEIGHT}Z",
        last=f"M{x:g} {y:g}h0",
        limit=None if limit is None else height(limit),
    )


@dataclass(frozen=True)
class Bar:
    """One column: what failed stands at its foot, what went well upon it."""

    label: str
    words: str
    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float


def bars(columns: Sequence[Column]) -> list[Bar]:
    """Columns over zero; the highest one fills the box."""
    most = max((good + bad for _, good, bad in columns), default=0)
    step = WIDTH / max(len(columns), 1)

    def tall(value: float) -> float:
        return max(round(value / most * HEIGHT, 1), _LEAST) if value > 0 else 0

    drawn = []
    for index, (label, good, bad) in enumerate(columns):
        foot = tall(bad)
        body = min(tall(good), HEIGHT - foot)
        drawn.append(
            Bar(
                label, bar_words(label, good, bad),
                x=round((index + _GAP / 2) * step, 1), width=round(step * (1 - _GAP), 1),
                good_y=round(HEIGHT - foot - body, 1), good_height=round(body, 1),
                bad_y=round(HEIGHT - foot, 1), bad_height=foot,
            )
        )  # fmt: skip
    return drawn


def bar_words(label: str, good: float, bad: float) -> str:
    return f"{label}: {figure(good)}" + (f", {figure(bad)} failed" if bad else "")


def told(points: Sequence[Point], unit: str) -> str:
    """What a chart shows, for who does not see it."""
    if not points:
        return "There is no figure yet."
    values = [value for _, value in points]
    (first, start), (last, end) = points[0], points[-1]
    words = [f"{first}: {figure(start)}", f"{last}: {figure(end)}"] if len(points) > 1 else []
    words += [f"lowest {figure(min(values))}", f"highest {figure(max(values))}"]
    return f"{', '.join(words)}{f' {unit}' if unit else ''}."
