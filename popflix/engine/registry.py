"""Units: named definitions in code, found in each app's `units.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from popflix.lib.errors import OperatorError

if TYPE_CHECKING:
    from popflix.engine.context import RunContext

Params = Mapping[str, object]
Result = Mapping[str, object]
Body = Callable[["RunContext"], Result | None]
CleanParams = Callable[[Params], dict[str, object]]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,99}")


@dataclass(frozen=True)
class Unit:
    """What can run under a name. `slots` is how many runs of it may be active at once.

    `body` returns what the run found out (JSON) or None. `clean_params` returns the parameters
    in their stored form and raises OperatorError naming the parameter that is wrong.
    """

    name: str
    body: Body
    slots: int = 1
    title: str = ""
    clean_params: CleanParams = dict


class Registry:
    """The units of one process, by name."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}

    def register(self, unit: Unit) -> Unit:
        """Raises ValueError for a malformed or taken name and for fewer than one slot."""
        if not _NAME.fullmatch(unit.name):
            raise ValueError(f"unit name {unit.name!r} is not lower case words with hyphens")
        if unit.slots < 1:
            raise ValueError(f"unit {unit.name} has {unit.slots} slots; it needs at least 1")
        if unit.name in self._units:
            raise ValueError(f"unit {unit.name} is registered twice")
        self._units[unit.name] = unit
        return unit

    def release(self, name: str) -> None:
        del self._units[self.get(name).name]

    def get(self, name: str) -> Unit:
        """Raises OperatorError, listing the known names."""
        try:
            return self._units[name]
        except KeyError:
            known = ", ".join(self.names()) or "none"
            raise OperatorError(
                f"There is no unit {name}.", f"Choose one of these: {known}."
            ) from None

    def names(self) -> list[str]:
        return sorted(self._units)


registry = Registry()  # of this process; `apps.py` fills it by importing each app's units.py


def unit(
    name: str, *, slots: int = 1, title: str = "", clean_params: CleanParams = dict
) -> Callable[[Body], Body]:
    """Decorate the body of a unit in an app's `units.py`."""

    def register(body: Body) -> Body:
        registry.register(Unit(name, body, slots, title, clean_params))
        return body

    return register


def get(name: str) -> Unit:
    """The unit of this name. Raises OperatorError, listing the known names."""
    return registry.get(name)
