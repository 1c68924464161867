"""Running a unit as a command does: here with its progress, or left to the queue's workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from popflix.engine import local, pauses
from popflix.engine.liveness import this_process
from popflix.engine.models import Run, RunStatus
from popflix.engine.progress import Progress
from popflix.engine.registry import Registry, Unit
from popflix.engine.registry import registry as all_units
from popflix.engine.slots import Busy, free_slots, holders
from popflix.engine.starting import enqueue
from popflix.engine.views.words import one_line
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import OperatorError
from popflix.lib.people import os_user
from popflix.lib.progress import Reporter, duration

Say = Callable[[str], None]


@dataclass(frozen=True)
class Here:
    """What a foreground run needs of its command."""

    stop: StopRequest
    say: Say
    reporter: Reporter
    clock: Clock = SYSTEM_CLOCK
    registry: Registry = field(default=all_units)


def rehearse(
    name: str, params: Mapping[str, object], *, say: Say, registry: Registry = all_units
) -> Report:
    """Say what would be run; raises what the run would be refused with."""
    unit = registry.get(name)
    cleaned = unit.clean_params(params)
    pauses.require_not_paused(name)
    if not free_slots(unit):
        raise Busy(name, holders(unit))
    say(f"Would run {name} with {json.dumps(cleaned, default=str, ensure_ascii=False)}.")
    return Report({"unit": name, "params": cleaned})


def put_on_queue(
    name: str, params: Mapping[str, object], *, say: Say, registry: Registry = all_units
) -> Report:
    """Leave the run to the workers. Raises OperatorError, Paused and Busy among it."""
    run = enqueue(name, params, trigger="command", registry=registry, by=os_user())
    say(f"Queued as run {run.pk}; a worker (`python manage.py work`) takes it up.")
    return Report(told(run))


def run_here(
    name: str, params: Mapping[str, object], here: Here, *, say_result: bool = True
) -> Report:
    """Run a worker or a process in this process. Raises OperatorError when it was refused,
    failed, or ended from elsewhere.
    """
    unit = here.registry.get(name)
    try:
        outcome = local.run_here(
            name,
            params,
            stop=here.stop,
            reporter=Progress(here.reporter, name),
            clock=here.clock,
            registry=here.registry,
        )
    except OperatorError:
        raise
    except Exception as error:
        raise _failed(unit, error) from error
    finally:
        here.reporter.close()
    run = outcome.run
    if outcome.stopped_by is None and run.status != RunStatus.COMPLETED:
        raise _ended(run)
    ending, *found = lines(run)
    for line in (ending, *(found if say_result else ())):
        here.say(line)
    return Report(told(run), stopped_by=outcome.stopped_by, how_to_go_on=_GO_ON)


_GO_ON = "Stopped; what was committed is saved. The same command again goes on as its unit does."


def _failed(unit: Unit, error: Exception) -> OperatorError:
    me = this_process()
    run = Run.objects.filter(unit=unit.name, host=me.host, pid=me.pid).order_by("-pk").first()
    which = f"Run {run.pk} of {unit.name}" if run else unit.name
    return OperatorError(
        f"{which} ended in error: {one_line(f'{type(error).__name__}: {error}')}.",
        "Mend the cause and run it again; --traceback shows where it comes from.",
    )


def _ended(run: Run) -> OperatorError:
    why = one_line(run.error) or "no reason told"
    if run.status == RunStatus.ERROR:
        return OperatorError(
            f"Run {run.pk} of {run.unit} ended in error: {why}.",
            "Mend the cause and run it again.",
        )
    return OperatorError(
        f"Run {run.pk} of {run.unit} was ended from elsewhere as {run.status}: {why}.",
        f"`python manage.py events --unit {run.unit}` tells more; then run it again.",
    )


def told(run: Run) -> dict[str, object]:
    """The run as --json prints it."""
    return {
        "run": run.pk,
        "unit": run.unit,
        "status": run.status,
        "result": run.result,
        "done": run.done_count,
        "total": run.total_count,
        "ok": run.ok_count,
        "failed": run.failed_count,
    }


def lines(run: Run) -> list[str]:
    """How it went, and what it found out."""
    took = ""
    if run.started_at and run.finished_at:
        took = f" after {duration((run.finished_at - run.started_at).total_seconds())}"
    counts = [
        f"{number:,} {word}"
        for number, word in (
            (run.done_count, "done"), (run.ok_count, "ok"), (run.failed_count, "failed"),
        )
        if number
    ]  # fmt: skip
    ending = f"Run {run.pk} of {run.unit}: {run.status}{took}"
    found = [f"  {one_line(key)}: {one_line(_text(value))}" for key, value in run.result.items()]
    return [", ".join([ending, *counts]) + ".", *found]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def require_process(name: str, registry: Registry = all_units) -> None:
    """Raises OperatorError, listing the processes there are."""
    if registry.get(name).is_process:
        return
    known = ", ".join(unit.name for unit in registry.units() if unit.is_process) or "none yet"
    raise OperatorError(f"{name} is no process.", f"Use run_unit for it. Processes: {known}.")
