"""The pages of what the machine writes: looked at, never touched."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from popflix.engine.models import Event, Run
from popflix.lib.models import AuditEntry, QuarantinedRow
from tests.sync.links.rows import NOW, running_run
from tests.sync.links.screens.visits import page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["run", "event", "auditentry", "quarantinedrow"])
def test_what_the_machine_writes_can_only_be_looked_at(operator: Client, name: str) -> None:
    run = running_run()
    Event.objects.create(run=run, unit=run.unit, at=NOW, kind="start")
    AuditEntry.objects.create(at=NOW, actor_name="ada", action="retry")
    QuarantinedRow.objects.create(source="f.tsv", line=2, reason="short", raw="x", at=NOW)
    app = "engine" if name in ("run", "event") else "lib"
    assert page(operator, f"admin:{app}_{name}_changelist")
    assert operator.post(reverse(f"admin:{app}_{name}_add")).status_code == 403
    model = {"run": Run, "event": Event, "auditentry": AuditEntry}.get(name, QuarantinedRow)
    key = model.objects.get().pk  # type: ignore[attr-defined]
    assert operator.get(reverse(f"admin:{app}_{name}_change", args=[key])).status_code == 200
    delete = reverse(f"admin:{app}_{name}_delete", args=[key])
    assert operator.post(delete, {"post": "yes"}).status_code == 403
