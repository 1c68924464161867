"""Aligned columns of text."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line per row, the first being the headings; columns of figures stand to the right."""
    columns = [_padded(column) for column in zip(*rows, strict=True)]
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _padded(column: tuple[str, ...]) -> list[str]:
    width = max(len(cell) for cell in column)
    figures = all(cell.replace(".", "").isdigit() for cell in column[1:])
    return [cell.rjust(width) if figures else cell.ljust(width) for cell in column]
