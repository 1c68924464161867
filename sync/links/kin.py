"""The runs that carry out one and the same order of an operator."""

from __future__ import annotations

from django.db.models import Sum

from popflix.engine.models import Run


def attempts_of(run: Run) -> list[int]:
    """The run and the attempts that failed before it."""
    numbers, each = [run.pk], run
    while each.attempt > 1 and each.retry_of is not None:
        each = each.retry_of
        numbers.append(each.pk)
    return numbers


def kin_of(run: Run) -> list[int]:
    """The run, the attempts before it, and the other children of its parent."""
    siblings: list[int] = []
    if run.parent_id is not None:
        siblings = list(Run.objects.filter(parent_id=run.parent_id).values_list("pk", flat=True))
    return sorted({*attempts_of(run), *siblings})


def done_by(numbers: list[int]) -> int:
    """How many titles these runs have settled."""
    return Run.objects.filter(pk__in=numbers).aggregate(done=Sum("done_count"))["done"] or 0
