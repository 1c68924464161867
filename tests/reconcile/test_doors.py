"""Who may not approve changes nothing of what was reconciled, whatever door is tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from popflix.engine.deadletters.letters import Wanted
from popflix.engine.deadletters.order import UNIT as LETTERS
from popflix.engine.deadletters.selecting import meant
from popflix.engine.models import Run, RunStatus, Schedule
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.lib.models import AuditEntry
from reconcile.changes.models import Change, ChangeSet
from reconcile.feed.models import Cinema
from reconcile.shows.models import MasterShow, SyncShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.programme import BEFORE, in_master, load, reconcile
from tests.reconcile.test_deciding import DAY, retitled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
WHY = {"why": "so", "by": "ada"}
REFUSED = "reconcile.approve_change", "reconcile.undo_changeset"


class Standing:
    """A set that waits, one that is applied, and one that is approved and lies there."""

    def __init__(self) -> None:
        in_master(DAY)
        load(retitled(1))
        reconcile()
        self.applied = ChangeSet.objects.latest("pk")
        load(retitled(3))
        reconcile(review=True)
        self.open = ChangeSet.objects.latest("pk")
        first = self.open.changes.order_by("pk")[0]
        Change.objects.filter(pk=first.pk).update(state="approved", decided_by="ada")
        self.ids = list(self.open.changes.filter(state="held").values_list("pk", flat=True))

    def units(self) -> dict[str, Mapping[str, Any]]:
        """Each unit that decides or removes, with what one would start it with."""
        return {
            "decide-changes": {"change_set": self.open.pk, "verdict": "approve", **WHY},
            "apply-changes": {"change_set": self.open.pk, "by": "ada"},
            "undo-changes": {"change_set": self.applied.pk, **WHY},
            "reconcile-shows": {"force": True, **WHY},
            "archive-shows": {"older_than_days": 90, "by": "ada"},
        }


@pytest.fixture
def standing() -> Standing:
    User.objects.create_superuser("ada")
    return Standing()


def of_group(name: str) -> User:
    user = User.objects.create_user("bo", is_staff=True)
    user.groups.set([Group.objects.get(name=name)])
    return user


def of_all_but_these() -> User:
    """Every permission there is, without the two."""
    user = User.objects.create_user("bo", is_staff=True)
    codes = [name.partition(".")[2] for name in REFUSED]
    user.user_permissions.set(Permission.objects.exclude(codename__in=codes))
    return user


def stored() -> list[list[dict[str, Any]]]:
    models: tuple[type[Model], ...] = (MasterShow, SyncShow, Change, ChangeSet, Cinema)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


@pytest.fixture(params=["viewer", "operator", "all-but-these"])
def bo(request: pytest.FixtureRequest, client: Client) -> Client:
    made = of_all_but_these() if request.param == "all-but-these" else of_group(request.param)
    client.force_login(made)
    return client


def test_no_button_is_shown_and_every_address_refuses(standing: Standing, bo: Client) -> None:
    before, runs = stored(), Run.objects.count()
    for of in (standing.open, standing.applied):
        for page in ("change", "review"):
            text = bo.get(reverse(f"admin:reconcile_changeset_{page}", args=[of.pk]))
            assert text.status_code == 200
            for name in ("decide", "decide_all", "undo", "apply"):
                door = reverse(f"admin:reconcile_changeset_{name}", args=[of.pk])
                assert door not in text.content.decode()
    sent = {
        "ids": standing.ids,
        "verdict": "approve",
        "zone": "Europe/Berlin",
        "post": "yes",
        **WHY,
    }
    for of in (standing.open, standing.applied):
        for name in ("decide", "decide_all", "undo", "apply"):
            url = reverse(f"admin:reconcile_changeset_{name}", args=[of.pk])
            assert bo.post(url, sent).status_code == 403, url
            assert bo.post(url, sent, headers={"HX-Request": "true"}).status_code == 403, url
            assert bo.get(url).status_code in (403, 405), url
    one = [standing.ids[0]]
    for url in (
        reverse("admin:reconcile_cinema_zone", args=[DAY[0].cinema_id]),
        *(reverse(f"admin:reconcile_change_{name}", args=one) for name in ("change", "delete")),
        reverse("admin:reconcile_change_add"),
        *(
            reverse(f"admin:reconcile_changeset_{name}", args=[standing.open.pk])
            for name in ("change", "delete")
        ),
        reverse("admin:reconcile_changeset_add"),
    ):
        assert bo.post(url, sent).status_code == 403, url
    assert (stored(), Run.objects.count()) == (before, runs)
    assert not AuditEntry.objects.filter(actor_name="bo").exists()


def test_no_unit_starts_by_a_form_a_schedule_or_a_retry(standing: Standing, bo: Client) -> None:
    before = stored()
    for unit, params in standing.units().items():
        runs = Run.objects.count()
        bo.post(reverse("console_unit_run", args=[unit]), {"params": typed(params), "why": "so"})
        bo.post(
            reverse("admin:engine_schedule_add"),
            {
                "unit": unit, "cron": "0 4 * * *", "every_seconds": "", "time_zone": "UTC",
                "overlap": "skip", "jitter_seconds": "0", "params": json.dumps(params),
                "is_enabled": "on", "why": "so",
            },
        )  # fmt: skip
        assert not Schedule.objects.filter(unit=unit).exists()
        assert Run.objects.count() == runs, unit
        failed = _failed(unit, params)
        bo.post(reverse("admin:engine_run_retry", args=[failed.pk]), {"why": "so"})
        chosen = {"action": "retry", "_selected_action": [failed.pk], "why": "so"}
        bo.post(reverse("admin:engine_run_changelist"), chosen)
        assert Run.objects.count() == runs + 1, unit
        _all_letters(bo, failed)
        assert not Run.objects.filter(retry_of=failed.pk).exists(), unit
    params = {"force": True, **WHY}
    bo.post(reverse("console_unit_run", args=["shows"]), {"params": typed(params)})
    assert not Run.objects.filter(unit="shows").exists()
    assert stored() == before


def typed(params: Mapping[str, Any]) -> str:
    """As the form of a unit takes them."""
    return "\n".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in params.items()
    )


def _failed(unit: str, params: Mapping[str, Any]) -> Run:
    return Run.objects.create(
        unit=unit, params=dict(params), slot=None, status=RunStatus.ERROR, trigger="admin",
        error="It broke.", error_group="It broke.", queued_at=BEFORE, finished_at=BEFORE,
    )  # fmt: skip


def _all_letters(client: Client, failed: Run) -> None:
    """The dead letter alone, and its group; the run that puts them back is run, too."""
    group = meant(Wanted(source="runs"))[0][1].id
    for chosen in ({"letter": str(failed.pk)}, {"group": group, "mode": "staggered"}):
        client.post("/admin/console/dead-letters/retry/", {"source": "runs", **chosen})
        for run in Run.objects.filter(unit=LETTERS, status=RunStatus.QUEUED):
            execute(run.pk, clock=FakeClock())
            run.refresh_from_db()
            assert run.status != RunStatus.QUEUED, "it was tried"


@pytest.mark.parametrize("trigger", ["admin", "schedule"])
def test_a_run_that_was_forced_into_the_table_is_refused_by_its_body(
    standing: Standing, trigger: str
) -> None:
    """In the name of who may not, or of nobody who could."""
    of_group("operator")
    before = stored()
    for unit, params in standing.units().items():
        if unit == "apply-changes":
            continue  # it decides nothing: what it applies was approved
        run = enqueue(unit, {**params, "by": "bo"}, trigger=trigger, by="bo")
        execute(run.pk, clock=FakeClock())
        run.refresh_from_db()
        assert run.status == RunStatus.ERROR, unit
    assert stored() == before


def test_an_approver_is_let_through_each_of_them(standing: Standing, client: Client) -> None:
    """The refusals above are the permission's work."""
    client.force_login(of_group("approver"))
    for unit, params in standing.units().items():
        answer = client.post(reverse("console_unit_run", args=[unit]), {"params": typed(params)})
        assert answer.status_code == 302, answer.context["refusal"]
        run = Run.objects.latest("pk")
        assert (run.unit, run.params["by"]) == (unit, "bo")
