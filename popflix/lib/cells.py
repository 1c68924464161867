"""Cells of files that are opened in spreadsheets. Pure."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(cell: str) -> str:
    """What a spreadsheet would take for a formula becomes text by an apostrophe before it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
