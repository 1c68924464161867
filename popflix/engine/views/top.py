"""One frame of `top` as text that fits the terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils import timezone
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from popflix.engine.models import RunStatus
from popflix.engine.unit_views import ActiveRun, UnitView
from popflix.engine.views.events import as_line
from popflix.engine.views.frame import Frame
from popflix.engine.views.units import troubles
from popflix.engine.views.words import count, cut, instant, one_line
from popflix.lib.progress import duration

_STYLES = {
    "running": "green", "completed": "green", "paused": "yellow", "waiting": "yellow",
    "error": "bold red",
}  # fmt: skip
_BAR = 10
_BESIDE_COUNTS = 70  # columns that all else may need
_RUNS_SHOWN = 5  # of one unit


def render(frame: Frame, width: int) -> RenderableType:
    """The frame for a terminal of so many columns; nothing in it is read as markup."""
    zone = timezone.get_current_timezone()
    parts: list[RenderableType] = [_headline(frame, zone)]
    parts += [Text(one_line(each), style="bold yellow") for each in frame.warnings]
    parts.append(_units(frame, width))
    parts += [
        Text(cut(f"{unit.name}: {trouble}", width), style=_STYLES.get(unit.status, ""))
        for unit in frame.units
        for trouble in troubles(unit, zone, frame.at)
    ]
    parts += _supervisors(frame)
    parts += _buckets(frame, width)
    parts += [Text(cut(as_line(event, zone), width), style="dim") for event in frame.events]
    return Group(*parts)


def _headline(frame: Frame, zone: dt.tzinfo) -> Text:
    working = sum(run.is_working for unit in frame.units for run in unit.active)
    queued = sum(unit.queued for unit in frame.units)
    return Text(f"{instant(frame.at, zone)}  {working} at work, {queued} queued", style="bold")


def _units(frame: Frame, width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), expand=False, pad_edge=False)
    table.add_column("unit", no_wrap=True, max_width=max(18, width // 3))
    table.add_column("state", no_wrap=True)
    table.add_column("slots", no_wrap=True, justify="right")
    table.add_column("progress", no_wrap=True)
    table.add_column("rate", no_wrap=True, justify="right")
    table.add_column("left", no_wrap=True, justify="right")
    for unit in frame.units:
        shown = unit.active[:_RUNS_SHOWN]
        slots = f"{unit.slots_taken}/{unit.slots}"
        first = shown[0] if len(unit.active) == 1 else None
        table.add_row(
            Text(unit.name), _state(unit.status), slots, *_progress(frame, first, unit, width)
        )
        if first is None:
            for run in shown:
                progress = _progress(frame, run, unit, width)
                table.add_row(Text(_name(run)), _state(run.status), "", *progress)
            if hidden := len(unit.active) - len(shown):
                table.add_row(Text(f"  and {hidden} more"))
    return table


def _name(run: ActiveRun) -> str:
    slot = f" slot {run.slot}" if run.slot is not None else ""
    return f"  #{run.id}{slot}"


def _state(word: str) -> Text:
    return Text(str(word), style=_STYLES.get(word, ""))


def _progress(
    frame: Frame, run: ActiveRun | None, unit: UnitView, width: int
) -> tuple[Text, str, str]:
    """Bar and counts, rate, time left."""
    if run is None:
        return Text(), "", ""
    pace = frame.pace(run)
    counts = count(run.done_count, run.total_count)
    told = Text(counts)
    if run.total_count:
        if len(counts) > width - _BESIDE_COUNTS:
            counts = f"{100 * run.done_count // run.total_count} %"
        told = Text.assemble((_bar(run.done_count, run.total_count), "cyan"), " ", counts)
    if run.status == RunStatus.WAITING and run.wait_reason:
        told = Text(cut(run.wait_reason, max(10, width // 3)))
    rate = "" if pace.rate is None else f"{pace.rate:,.1f}/s"
    left = "" if pace.left_seconds is None else duration(pace.left_seconds)
    return told, rate, left


def _bar(done: int, total: int) -> str:
    full = min(_BAR, _BAR * done // total)
    return "█" * full + "░" * (_BAR - full)


def _supervisors(frame: Frame) -> Iterable[Text]:
    for each in frame.supervisors:
        heard = f"heard {duration(each.silent_seconds)} ago"
        text = f"{each.host}: {each.workers} workers (process {each.pid}), {heard}"
        if each.replaced:
            text += f", clusters replaced {each.replaced} times"
        yield Text(one_line(text), style="" if each.is_heard else "yellow")


def _buckets(frame: Frame, width: int) -> Iterable[Text]:
    for each in frame.buckets:
        is_cut = each.rate < each.allowed_rate
        text = f"{each.name}: {each.rate:g} of {each.allowed_rate:g} requests/s"
        if each.reason:
            text += f" ({each.reason})"
        yield Text(cut(text, width), style="yellow" if is_cut else "")
