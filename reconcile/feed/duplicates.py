"""Rows of a load with one key: an active one beats inactive ones, else the last one wins."""

from __future__ import annotations

from reconcile.feed.joining import LOAD_TABLE, Joining, execute, rows_of
from reconcile.feed.models import Load


def merge(load: Load, joining: Joining) -> int:
    """Remove all rows of each key but the winner; returns how many were removed.

    A row's line decides, so batches and their order do not matter.
    """
    mine = rows_of(load)
    among = ""
    if joining.is_exact:  # look at those alone whose hash is there twice
        among = (
            f" AND l.key_hash IN (SELECT l.key_hash FROM {LOAD_TABLE} l WHERE {mine} "
            "GROUP BY l.key_hash HAVING COUNT(*) > 1)"
        )
    ranked = (
        f"SELECT l.id, ROW_NUMBER() OVER (PARTITION BY {joining.key_by_law()} ORDER BY "
        f"CASE WHEN {joining.is_inactive()} THEN 1 ELSE 0 END, l.id DESC) AS place "
        f"FROM {LOAD_TABLE} l WHERE {mine}{among}"
    )
    losers = f"SELECT id FROM ({ranked}) ranked WHERE place > 1"
    if joining.vendor == "mysql":
        return execute(f"DELETE l FROM {LOAD_TABLE} l JOIN ({losers}) gone ON gone.id = l.id")
    return execute(f"DELETE FROM {LOAD_TABLE} WHERE id IN ({losers})")
