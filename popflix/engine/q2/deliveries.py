"""What django-q2 calls."""

from __future__ import annotations

from django_q.conf import Conf

from popflix.engine.runner import execute


def run(run_id: int) -> None:
    """Run `run_id`, handing over long before django-q2's own time-out would kill the worker."""
    execute(run_id, longest_seconds=Conf.TIMEOUT / 2)
