"""Units as the seed writes them: `{id, status, run}` and `{id, status, workers}`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from popflix.engine.registry import Body, Mode, Timetable, Unit
from popflix.engine.states import UnitStatus
from popflix.lib.errors import OperatorError

KEYS = ("id", "status", "run", "workers", "mode", "slots", "title", "every_seconds", "cron")
_CURE = "Write {id, status, run} for a worker, {id, status, workers} for a process."


@dataclass(frozen=True)
class Form:
    """One unit as it was given: its definition, and what the manager does about it.

    `source` is what was given as `run`: the same worker may be given again with its process.
    """

    unit: Unit
    source: object = None
    is_paused: bool = False
    workers: Sequence[Form] = ()


def read(given: object) -> Form:
    """A Unit, a mapping, or an object with the same attributes.

    Raises OperatorError naming what is wrong with it.
    """
    if isinstance(given, Unit):
        return Form(given, given.body)
    told = _as_mapping(given)
    name = str(told["id"])
    has_run, has_workers = told.get("run") is not None, told.get("workers") is not None
    if has_run == has_workers:
        raise OperatorError(f"The unit {name} needs either `run` or `workers`.", _CURE)
    is_paused = _status(name, told.get("status")) is UnitStatus.PAUSED
    if has_run:
        return Form(_worker(name, told), told["run"], is_paused)
    workers = [each if isinstance(each, str) else read(each) for each in told["workers"]]
    return Form(
        _process(
            name, told, [each if isinstance(each, str) else each.unit.name for each in workers]
        ),
        None,
        is_paused,
        [each for each in workers if isinstance(each, Form)],
    )


def as_body(run: Callable[..., Any]) -> Body:
    """`run` as a body: it may take the context or nothing, and be a coroutine function."""
    takes_context = _takes_an_argument(run)
    if inspect.iscoroutinefunction(run):

        @functools.wraps(run)
        async def in_loop(ctx: object) -> Mapping[str, object] | None:
            return _as_result(await (run(ctx) if takes_context else run()))

        return cast(Body, in_loop)

    @functools.wraps(run)
    def here(ctx: object) -> Any:
        returned = run(ctx) if takes_context else run()
        return _awaited(returned) if inspect.isawaitable(returned) else _as_result(returned)

    return cast(Body, here)


async def _awaited(returned: Any) -> Mapping[str, object] | None:
    return _as_result(await returned)


def _as_result(returned: object) -> Mapping[str, object] | None:
    if returned is None or isinstance(returned, Mapping):
        return returned
    return {"returned": returned}


def _takes_an_argument(run: Callable[..., Any]) -> bool:
    if not callable(run):
        raise OperatorError(f"`run` is no function: {run!r}.", _CURE)
    try:
        inspect.signature(run).bind(None)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True


def _as_mapping(given: object) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        told = given
    else:
        told = {key: getattr(given, key) for key in KEYS if hasattr(given, key)}
    if not told.get("id"):
        raise OperatorError(f"A unit has an `id`; this has none: {given!r}.", _CURE)
    unknown = sorted(set(told) - set(KEYS))
    if unknown:
        raise OperatorError(
            f"The unit {told['id']} has unknown keys: {', '.join(map(str, unknown))}.",
            f"Known are {', '.join(KEYS)}.",
        )
    return told


def _status(name: str, told: object) -> UnitStatus:
    try:
        return UnitStatus(str(told or UnitStatus.IDLE))
    except ValueError:
        raise OperatorError(
            f"The unit {name} has the status {told!r}.", f"Use one of {', '.join(UnitStatus)}."
        ) from None


def _worker(name: str, told: Mapping[str, Any]) -> Unit:
    return Unit(
        name,
        as_body(told["run"]),
        slots=int(told.get("slots") or 1),
        title=str(told.get("title") or ""),
        timetable=_timetable(told),
    )


def _process(name: str, told: Mapping[str, Any], workers: Sequence[str]) -> Unit:
    mode = told.get("mode") or Mode.PARALLEL
    if mode not in (Mode.PARALLEL, Mode.SEQUENTIAL):
        raise OperatorError(
            f"The process {name} has the mode {mode!r}.", "Use parallel or sequential."
        )
    return Unit(
        name,
        None,
        title=str(told.get("title") or ""),
        mode=Mode(mode),
        workers=tuple(workers),
        timetable=_timetable(told),
    )


def _timetable(told: Mapping[str, Any]) -> Timetable | None:
    cron, seconds = str(told.get("cron") or ""), told.get("every_seconds")
    if not cron and seconds is None:
        return None
    return Timetable(cron=cron, every_seconds=None if seconds is None else int(seconds))
