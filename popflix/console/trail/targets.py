"""Where one looks at what an entry of the trail is about.

targets.register("titles", lambda target: "/…" if target.startswith("tt") else "")
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.urls import NoReverseMatch, reverse

from popflix.engine.registry import registry

LinkOf = Callable[[str], str]  # the address, or nothing where it knows none
_RUN = re.compile(r"\S+ run (\d{1,18})")
_makers: dict[str, LinkOf] = {}


def register(name: str, maker: LinkOf) -> None:
    """`maker` is asked for every row of a page: no queries. Raises ValueError for a name taken."""
    if name in _makers:
        raise ValueError(f"the links {name} of the audit trail are registered twice")
    _makers[name] = maker


def forget(name: str) -> None:
    """Undo `register`."""
    del _makers[name]


def link_of(target: str) -> str:
    """The first maker that knows the target tells where it is; empty where none does."""
    return next(filter(None, (maker(target) for maker in _makers.values())), "")


def run_link(run_id: object) -> str:
    return reverse("admin:engine_run_change", args=[run_id])


def _of_run(target: str) -> str:
    found = _RUN.fullmatch(target)
    return run_link(found[1]) if found else ""


def _of_unit(target: str) -> str:
    if target not in registry.names():
        return ""
    try:
        return reverse("console_unit", args=[target])
    except NoReverseMatch:
        return ""


register("runs", _of_run)
register("units", _of_unit)
