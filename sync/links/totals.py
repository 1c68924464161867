"""The last lines of a run, and its --json object."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

_JSON = (
    "success", "failed", "pending", "requests", "retries", "waited_seconds", "seconds", "run",
)  # fmt: skip
_SPENT = ("requests", "retries", "waited_seconds", "seconds")


def totals_json(figures: Mapping[str, Any]) -> dict[str, object]:
    """`success` and `failed` count titles this run settled; `pending` all titles of the wanted
    types that are still PENDING; threads that waited side by side for a slot count once."""
    return {name: figures[name] for name in _JSON}


def added_up(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run that was parked and went on: what was spent adds up, the rest is as it is now."""
    if not earlier:
        return dict(now)
    spent = {name: round(earlier[name] + now[name], 3) for name in _SPENT}
    waits = {
        why: round(earlier["waits"].get(why, 0.0) + now["waits"].get(why, 0.0), 3)
        for why in {**earlier["waits"], **now["waits"]}
    }
    return {**now, **spent, "waits": waits}


def totals_lines(
    figures: Mapping[str, Any], *, is_stopped: bool, now: dt.datetime
) -> Iterator[str]:
    if figures["pending"] and figures["next_due_at"] and not is_stopped:
        yield _left(dt.datetime.fromisoformat(figures["next_due_at"]), now)
    word = "Stopped" if is_stopped else "Done"
    yield (
        f"{word}. Success: {figures['success']}, Failed: {figures['failed']}, "
        f"Pending: {figures['pending']}"
    )
    yield _spent(figures)


def _left(due_at: dt.datetime, now: dt.datetime) -> str:
    if due_at <= now:
        return "Titles are left to ask: `python manage.py sync_tmdb` goes on with them."
    when = f"{due_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"Titles are left to ask, from {when} on: run `python manage.py sync_tmdb` again then."


def _spent(figures: Mapping[str, Any]) -> str:
    seconds = max(figures["seconds"], 0.001)
    repeated = f" ({figures['retries']} repeated)" if figures["retries"] else ""
    told = f"Requests: {figures['requests']}{repeated}, {figures['requests'] / seconds:.1f}/s "
    told += f"of {figures['allowed_rate']:g}/s allowed; "
    waits = {why: spent for why, spent in figures["waits"].items() if spent >= 0.1}
    if not waits:
        return told + "no waiting"
    reasons = ", ".join(f"{why} {spent:.1f} s" for why, spent in waits.items())
    return told + f"waited {figures['waited_seconds']:.1f} s ({reasons})"
