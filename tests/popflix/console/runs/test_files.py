"""Files of runs: listed on the run's page, saved and never shown."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from popflix.engine import files
from popflix.engine.models import RunFile
from tests.popflix.console.runs.made import RUN, failed, member, page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_a_file_is_saved_and_never_shown(operator: Client) -> None:
    stored = files.store(failed().pk, "é.html", "<script>1</script>", "text/html", NOW)
    url = reverse("admin:engine_run_file", args=[stored.pk])
    answer = operator.get(url)
    assert answer.content == b"<script>1</script>"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%C3%A9.html"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert operator.post(url).status_code == 405
    assert operator.get(reverse("admin:engine_run_file", args=[999])).status_code == 404


def test_files_are_for_those_who_may_look_at_runs() -> None:
    stored = files.store(failed().pk, "a.txt", "x", "text/plain", NOW)
    url = reverse("admin:engine_run_file", args=[stored.pk])
    assert Client().get(url).status_code == 302
    assert member(Client(), "view_schedule").get(url).status_code == 403
    User.objects.all().delete()
    assert member(Client(), "view_run").get(url).status_code == 200


def test_a_page_of_a_run_with_a_large_file_does_not_read_it(operator: Client) -> None:
    run = failed()
    files.store(run.pk, "large.bin", b"x" * 1000, "application/x", NOW)
    with CaptureQueriesContext(connection) as queries:
        page(operator, RUN, run.pk)
    column = connection.ops.quote_name("content")
    table = RunFile._meta.db_table
    assert not [
        each
        for each in queries
        if f"{table}`.{column}" in each["sql"] or f'{table}".{column}' in each["sql"]
    ]
