"""Units: named definitions in code, found in each app's `units.py`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from popflix.engine.retry import RetryPolicy
from popflix.lib.errors import OperatorError

if TYPE_CHECKING:
    from popflix.engine.context import RunContext
    from popflix.engine.coroutines import AsyncRunContext

Params = Mapping[str, object]
Result = Mapping[str, object]
Body = (
    Callable[["RunContext"], Result | None]
    | Callable[["AsyncRunContext"], Awaitable[Result | None]]
)
AnyBody = TypeVar("AnyBody", bound=Body)
CleanParams = Callable[[Params], dict[str, object]]
Split = Callable[[Params, int], Sequence[Params]]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,79}")


class Mode(StrEnum):
    """How a run of the unit works through children; a plain worker has a body instead."""

    WORKER = ""
    PARALLEL = "parallel"  # a process: all workers at once, ends when all have ended
    SEQUENTIAL = "sequential"  # a process: one after the other, stops at the first failure
    SPREAD = "spread"  # one worker in all its free slots at once


@dataclass(frozen=True)
class Timetable:
    """When a unit is started by itself: its declared schedule, which operators may change.

    Either `cron` (five fields, meant in `time_zone`) or `every_seconds`.
    """

    cron: str = ""
    every_seconds: int | None = None
    time_zone: str = "UTC"
    jitter_seconds: int = 0


def _always_ready() -> str:
    return ""


def _nothing_more(params: Params) -> str:
    return ""


def _same_for_each(params: Params, count: int) -> Sequence[Params]:
    return [params] * count


@dataclass(frozen=True)
class Unit:
    """What can run under a name. `slots` is how many runs of it may be active at once.

    A worker has a `body`, which returns what the run found out (JSON) or None; a process has
    `workers`. `clean_params` returns the parameters in their stored form (it must take its own
    output again) and raises OperatorError naming the parameter that is wrong. `ready` returns
    why no schedule should start the unit now, empty when it may. `split` makes the parameters
    of the children of a spread run. `bucket` names the limiter's bucket that its work goes
    through. `is_housekeeping`: nobody has to look at it while it is at rest. `permission` is what
    an account needs, beside running units, to start it with these parameters; where there is one
    no schedule starts it.
    """

    name: str
    body: Body | None
    slots: int = 1
    title: str = ""
    clean_params: CleanParams = dict
    mode: Mode = Mode.WORKER
    workers: Sequence[str] = ()
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timetable: Timetable | None = None
    ready: Callable[[], str] = _always_ready
    split: Split = _same_for_each
    bucket: str = ""
    is_housekeeping: bool = False
    permission: Callable[[Params], str] = _nothing_more

    @property
    def is_process(self) -> bool:
        return self.mode in (Mode.PARALLEL, Mode.SEQUENTIAL)


class Registry:
    """The units of one process, by name."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}

    def register(self, unit: Unit) -> Unit:
        """Raises ValueError for a malformed or taken name and for a definition that cannot be."""
        if not _NAME.fullmatch(unit.name):
            raise ValueError(f"unit name {unit.name!r} is not lower case words with hyphens")
        if unit.slots < 1:
            raise ValueError(f"unit {unit.name} has {unit.slots} slots; it needs at least 1")
        if unit.is_process != bool(unit.workers) or unit.is_process == (unit.body is not None):
            raise ValueError(f"unit {unit.name} needs either a body or workers")
        if unit.name in self._units:
            raise ValueError(f"unit {unit.name} is registered twice")
        self._units[unit.name] = unit
        return unit

    def release(self, name: str) -> Unit:
        """Forget the unit. Raises OperatorError for an unknown name."""
        return self._units.pop(self.get(name).name)

    def get(self, name: str) -> Unit:
        """Raises OperatorError, listing the known names."""
        try:
            return self._units[name]
        except KeyError:
            known = ", ".join(self.names()) or "none"
            raise OperatorError(
                f"There is no unit {name}.", f"Choose one of these: {known}."
            ) from None

    def find(self, name: str) -> Unit | None:
        return self._units.get(name)

    def units(self) -> list[Unit]:
        return [self._units[name] for name in self.names()]

    def names(self) -> list[str]:
        return sorted(self._units)


registry = Registry()  # of this process; `apps.py` fills it by importing each app's units.py


def unit(
    name: str,
    *,
    slots: int = 1,
    title: str = "",
    clean_params: CleanParams = dict,
    retry: RetryPolicy | None = None,
    timetable: Timetable | None = None,
    ready: Callable[[], str] = _always_ready,
    spread: bool = False,
    split: Split = _same_for_each,
    bucket: str = "",
    is_housekeeping: bool = False,
    permission: Callable[[Params], str] = _nothing_more,
) -> Callable[[AnyBody], AnyBody]:
    """Decorate the body of a worker, a function or a coroutine function, in `units.py`.

    `spread`: started through the queue it works in all its free slots at once, as one run with
    a child per slot.
    """

    def register(body: AnyBody) -> AnyBody:
        registry.register(
            Unit(
                name,
                body,
                slots,
                title,
                clean_params,
                Mode.SPREAD if spread else Mode.WORKER,
                (),
                retry or RetryPolicy(),
                timetable,
                ready,
                split,
                bucket,
                is_housekeeping,
                permission,
            )
        )
        return body

    return register


def process(
    name: str,
    workers: Sequence[str],
    *,
    mode: str = Mode.PARALLEL,
    title: str = "",
    timetable: Timetable | None = None,
    ready: Callable[[], str] = _always_ready,
) -> Unit:
    """Register a process in `units.py`: workers by name, `parallel` or `sequential`.

    Its parameters are given to each of its workers.
    """
    made = Unit(
        name, None, 1, title, dict, Mode(mode), tuple(workers), timetable=timetable, ready=ready
    )
    return registry.register(made)


def get(name: str) -> Unit:
    """The unit of this name. Raises OperatorError, listing the known names."""
    return registry.get(name)
