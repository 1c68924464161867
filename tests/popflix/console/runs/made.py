"""Runs in every state for the tests of their pages."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.engine import runs
from popflix.engine.models import Run, RunStatus
from popflix.lib.clock import SYSTEM_CLOCK

RUNS = "admin:engine_run_changelist"
RUN = "admin:engine_run_change"


def working() -> Run:
    return runs.create_run(
        "greet", {}, trigger="command", clock=SYSTEM_CLOCK, status=RunStatus.RUNNING
    )


def failed(error: str = "ValueError: odd") -> Run:
    run = working()
    runs.finish(run, RunStatus.ERROR, clock=SYSTEM_CLOCK, error=error)
    return run


def queued() -> Run:
    """On the queue, in nobody's hands."""
    run = runs.create_run("greet", {}, trigger="command", clock=SYSTEM_CLOCK)
    Run.objects.filter(pk=run.pk).update(pid=None, dispatched_at=SYSTEM_CLOCK.now())
    return run


def member(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def live(client: Client, run: Run, seen: str = "", **headers: Any) -> Any:
    """What the run's page asks every two seconds."""
    url = reverse("admin:engine_run_live", args=[run.pk])
    return client.get(url, {"seen": seen}, headers={"HX-Request": "true", **headers})
