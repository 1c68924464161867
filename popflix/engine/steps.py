"""What the steps of a sequence hand on to each other: the results of those before."""

from __future__ import annotations

from collections.abc import Mapping

from popflix.engine.models import Run, RunStatus


def handed_on(run: Run) -> Mapping[str, object]:
    """What the steps before this one of its process returned, later ones over earlier ones.

    A sequence that was retried goes on at the step that failed: the steps before it belong to
    the run that it retries. Empty for a run that is no step.
    """
    if run.parent_id is None or not run.step:
        return {}
    done = Run.objects.filter(
        parent_id__in=_attempts(run.parent_id), status=RunStatus.COMPLETED, step__lt=run.step
    )
    merged: dict[str, object] = {}
    for result in done.order_by("step", "pk").values_list("result", flat=True):
        merged |= result
    return merged


def results(parent_id: int) -> dict[str, object]:
    """The result of each worker of a process, by name, as of its last completed run."""
    done = Run.objects.filter(parent_id=parent_id, status=RunStatus.COMPLETED).order_by("pk")
    return dict(done.values_list("unit", "result"))


def _attempts(parent_id: int) -> list[int]:
    """The process's run and those that it retries, one after the other."""
    found: list[int] = []
    look: int | None = parent_id
    while look is not None and look not in found:
        found.append(look)
        look = Run.objects.filter(pk=look).values_list("retry_of_id", flat=True).first()
    return found
