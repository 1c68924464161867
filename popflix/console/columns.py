"""Columns of lists made of pieces: a word as a badge, an instant in words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from popflix.console.pieces import render


def badge_column(name: str, group: str, label: str = "") -> Any:
    """A word of the row, as the badge that its group gives it."""

    @admin.display(description=label or _words(name), ordering=name)
    def column(self: Any, row: Any) -> SafeString:
        return render.badge(group, str(getattr(row, name) or ""))

    return column


def moment_column(name: str, label: str = "") -> Any:
    """An instant of the row, told from now."""

    @admin.display(description=label or _words(name), ordering=name)
    def column(self: Any, row: Any) -> SafeString:
        return render.moment(getattr(row, name))

    return column


def _words(name: str) -> str:
    return name.removesuffix("_at").replace("_", " ")
