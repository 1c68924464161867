"""How the result of a unit is shown on the pages of its runs, where rows of figures do not do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils.safestring import SafeString

from popflix.engine.models import Run

log = logging.getLogger(__name__)
Renderer = Callable[[Run], SafeString]  # empty: nothing worth showing, the figures are shown
_renderers: dict[str, Renderer] = {}


def register(unit: str, renderer: Renderer) -> None:
    """Raises ValueError for a unit that has one."""
    if unit in _renderers:
        raise ValueError(f"the result of {unit} is registered twice")
    _renderers[unit] = renderer


def forget(unit: str) -> None:
    """Undo `register`."""
    del _renderers[unit]


def rendered(run: Run) -> SafeString | str:
    """Empty where the unit's result is shown as rows of figures, or is none that can be drawn."""
    renderer = _renderers.get(run.unit)
    try:
        return renderer(run) if renderer else ""
    except Exception:
        log.exception("The result of run %s cannot be drawn", run.pk)
        return ""
