"""How the result of a unit is shown on the pages of its runs, where rows of figures do not do."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.safestring import SafeString

from popflix.engine.models import Run

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
    """Empty where the unit's result is shown as rows of figures."""
    renderer = _renderers.get(run.unit)
    return renderer(run) if renderer else ""
