"""How pages count letters: of each group up to a cap, so that a million costs no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 5000  # of one group


def words(count: int) -> str:
    """`27`; `over 10,000` of a group that was not counted to its end."""
    return f"over {MOST:,}" if count > MOST else f"{count:,}"


def total(counts: Iterable[int]) -> str:
    """Of several groups; over so many where one of them was not counted to its end."""
    known = list(counts)
    least = sum(min(count, MOST) for count in known)
    return f"over {least:,}" if any(count > MOST for count in known) else f"{least:,}"
