"""How long to wait before trying again; pure, so that every waiting part agrees."""

from __future__ import annotations


def backoff_seconds(attempt: int, random01: float, base: float = 1.0, cap: float = 60.0) -> float:
    """Exponential back-off with full jitter: `random01` of min(cap, base * 2**attempt).

    `attempt` counts from 0. Full jitter spreads callers that failed together over the whole
    interval (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """
    exponent = min(max(attempt, 0), 30)  # beyond it the cap rules anyway
    return float(random01 * min(cap, base * 2**exponent))
