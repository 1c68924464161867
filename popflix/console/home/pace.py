"""How fast something goes and when it will be done, in figures and words. Pure."""

from __future__ import annotations

_LONGEST_SECONDS = 90 * 86_400  # further away nobody plans by it


def window_seconds(elapsed_seconds: float) -> float:
    """Over how long a rate is taken: short while a run is young, else a twentieth of its age.

    A run keeps a sample every 5 s or sixtieth of its age, so some lie within.
    """
    return max(30.0, elapsed_seconds / 20)


def rate(done: int, before: int, seconds: float) -> float | None:
    """Done per second; None where no time has passed."""
    return max(0.0, (done - before) / seconds) if seconds > 0 else None


def left_seconds(done: int, total: int | None, per_second: float | None) -> float | None:
    """None where nobody can tell."""
    if total is None or not per_second:
        return None
    return max(0, total - done) / per_second


def left_words(seconds: float | None) -> str:
    """`40 s left`, `7 min left`, `8 h left`; empty where it says nothing."""
    if seconds is None or seconds > _LONGEST_SECONDS:
        return ""
    if seconds < 90:
        return f"{round(seconds)} s left"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min left"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h left"
    return f"{round(seconds / 86_400)} days left"


def rate_words(per_second: float) -> str:
    """`37.6`, `0.4`, `1,240`: the unit stands beside it."""
    return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"
