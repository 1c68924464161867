"""The pieces as HTML, for templates (`{% load pieces %}`) and for the columns of a list.

Each one is a template of its own under `templates/pieces/`; what is given is escaped there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from popflix.console.pieces import changes, moments, shapes, vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.clock import SYSTEM_CLOCK

_BAD = State("Failed", Tone.BAD)
_ERROR_IN_FULL = 160  # characters of an error that are shown before the rest is folded


def _piece(name: str, **context: Any) -> SafeString:
    return mark_safe(render_to_string(f"pieces/{name}.html", context).strip())


def badge(group: str, word: str, text: str = "") -> SafeString:
    """The word of a group in its tone; `text` says it in other words."""
    return _piece("badge", state=vocabulary.state(group, word), text=text)


def toned(text: str, tone: str) -> SafeString:
    """A badge that is no state of a table."""
    return _piece("badge", state=State(text, Tone(tone)))


def moment(at: dt.datetime | None, now: dt.datetime | None = None) -> SafeString:
    """Relative time in words, with the exact time and its zone behind."""
    if at is None:
        return _piece("nothing")
    zone = timezone.get_current_timezone()
    words = moments.relative(at, now or SYSTEM_CLOCK.now(), zone)
    return _piece("moment", at=at.isoformat(), words=words, exact=moments.exact(at, zone))


def progress(
    done: int, total: int | None, noun: str = "", *, label: str = "Progress", moving: bool = True
) -> SafeString:
    """A bar with its figures. `moving`: without a total it is being worked on."""
    return _piece(
        "progress", share=shapes.share(done, total), label=label, moving=moving,
        words=shapes.progress_words(done, total, noun), width=shapes.WIDTH,
    )  # fmt: skip


def card(content: str, title: str, aside: str = "") -> SafeString:
    """A titled box; `aside` is a word beside the title, such as a count."""
    return _piece("card", content=content, title=title, aside=aside)


def empty_state(title: str, what_next: str, href: str = "", label: str = "") -> SafeString:
    """Nothing is there: says so, and what to do next."""
    return _piece("empty_state", title=title, what_next=what_next, href=href, label=label)


def problem(cause: str, cure: str, href: str = "", label: str = "") -> SafeString:
    """What went wrong and what mends it; a long cause is cut and folded behind."""
    first = (cause.strip().splitlines() or [""])[0]
    if len(first) > _ERROR_IN_FULL:
        first = first[:_ERROR_IN_FULL].rpartition(" ")[0] or first[:_ERROR_IN_FULL]
    whole = cause if first != cause.strip() else ""
    short = f"{first} …" if whole else first
    return _piece(
        "problem", state=_BAD, cause=short, whole=whole, cure=cure, href=href, label=label
    )


def row_button(href: str, label: str, about: str) -> SafeString:
    """A button in a row of a list: it sends the list's own form, with its token, to `href`.

    `about` says of which row, for who hears the page.
    """
    return _piece("row_button", href=href, label=label, about=about)


Change = tuple[str, str | None, str | None]  # a field, its value before and after


def before_after(
    rows: Sequence[Change], before: str = "Before", after: str = "After"
) -> SafeString:
    """A table of changes in which only the changed words are marked."""
    compared = [(name, *changes.marked(old or "", new or "")) for name, old, new in rows]
    return _piece("before_after", rows=compared, before=before, after=after)


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: dt.datetime
    state: State
    text: str
    detail: str = ""
    href: str = ""


def timeline(entries: Sequence[Entry], now: dt.datetime | None = None) -> SafeString:
    """What happened, in the order given."""
    now = now or SYSTEM_CLOCK.now()
    told = [(entry, moment(entry.at, now)) for entry in entries]
    return _piece("timeline", entries=told)


def sparkline(
    title: str,
    points: Sequence[shapes.Point],
    unit: str = "",
    limit: float | None = None,
    floor: float | None = None,
) -> SafeString:
    """A line over time, with its last value; `limit` is drawn across it, `floor` is its foot."""
    shape = shapes.line([value for _, value in points], limit, floor)
    rows = [(label, shapes.figure(value)) for label, value in points]
    return _piece(
        "sparkline", title=title, shape=shape, unit=unit, rows=rows,
        told=shapes.told(points, unit), width=shapes.WIDTH, height=shapes.HEIGHT,
    )  # fmt: skip


def bars(title: str, columns: Sequence[shapes.Column], unit: str = "") -> SafeString:
    """A column per day or run; what failed stands in red at its foot and in words behind."""
    points = [(label, good + bad) for label, good, bad in columns]
    rows = [(label, shapes.figure(good), shapes.figure(bad)) for label, good, bad in columns]
    total = shapes.figure(sum(value for _, value in points))
    return _piece(
        "bars", title=title, bars=shapes.bars(columns), unit=unit, rows=rows, total=total,
        told=shapes.told(points, unit), width=shapes.WIDTH, height=shapes.HEIGHT,
    )  # fmt: skip
