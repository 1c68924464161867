"""How many queries each page takes: as many at one row as at twenty, and no more than stand here.

The pages are found, not listed. A page that is new is reported with its number, to be pinned.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.popflix.console import walking
from tests.popflix.console.populating import Population

pytestmark = pytest.mark.django_db

# The queries of each page by its name. Two of them are the session and the account. On SQLite the
# limiter's buckets lie in a file of their own, and what asks them takes one query less.
PINNED: dict[int, str] = {
    2: (
        "app_list, auth_user_add, console_pieces, engine_schedule_add, jsi18n, "
        "password_change, password_change_done, sync_crawl_plan"
    ),
    3: (
        "auth_group_add, auth_user_password_change, console_panel events, console_panel "
        "history, console_panel rate, console_panel availability, "
        "django_q_failure_change, django_q_ormq_change, "
        "django_q_schedule_change, django_q_success_change, engine_event_change, "
        "engine_notification_change, engine_pause_change, engine_run_file, "
        "engine_schedule_delete, engine_supervisor_change, lib_auditentry_change, "
        "lib_fieldlock_change, reconcile_changeset_undo, reconcile_load_change"
    ),
    4: (
        "auth_group_history, auth_user_history, console_panel coverage, "
        "django_q_failure_changelist, django_q_failure_history, django_q_ormq_changelist, "
        "django_q_ormq_history, django_q_schedule_changelist, django_q_schedule_history, "
        "django_q_success_changelist, django_q_success_history, engine_event_changelist, "
        "engine_event_history, engine_notification_history, engine_pause_changelist, "
        "engine_pause_history, engine_run_changelist, engine_run_history, "
        "engine_schedule_change, engine_schedule_history, engine_supervisor_changelist, "
        "engine_supervisor_history, lib_auditentry_history, lib_quarantinedrow_change, "
        "lib_fieldlock_changelist, lib_fieldlock_history, "
        "lib_quarantinedrow_changelist, lib_quarantinedrow_history, "
        "reconcile_load_changelist, reconcile_load_history, "
        "reconcile_change_history, reconcile_changeset_changelist, "
        "reconcile_changeset_history, "
        "sync_medialinks_history, sync_title_change, sync_certificate_changelist, "
        "sync_certificate_history, sync_certificate_change, sync_provider_history"
    ),
    5: (
        "auth_group_change, auth_group_changelist, engine_notification_changelist, "
        "reconcile_cinema_change, reconcile_cinema_zone, "
        "sync_medialinks_change, sync_medialinks_changelist, "
        "sync_title_changelist, sync_title_history, reconcile_programmewarning_change, "
        "sync_movie_changelist, sync_movie_history, sync_movie_wall, "
        "sync_crawl_changelist, sync_crawl_history, sync_crawl_change"
    ),
    6: (
        "reconcile_programmewarning_changelist, reconcile_programmewarning_history, "
        "auth_user_changelist, auth_user_delete, lib_auditentry_changelist, "
        "reconcile_cinema_changelist, reconcile_cinema_history, "
        "reconcile_mastershow_history, "
        "reconcile_syncshow_history, sync_availability_history"
    ),
    7: (
        "auth_user_change, reconcile_change_changelist, reconcile_mastershow_changelist, "
        "sync_availability_changelist, sync_availability_matrix"
    ),
    8: (
        "console_letter_group, lib_auditentry_export, reconcile_syncshow_change, "
        "reconcile_syncshow_changelist"
    ),
    9: (
        "engine_run_live, engine_schedule_changelist, sync_availability_change, "
        "sync_provider_changelist, sync_provider_change"
    ),
    10: ("engine_run_change, reconcile_change_change, reconcile_changeset_change"),
    11: "console_unit, reconcile_mastershow_change, sync_movie_change",
    12: "console_units",
    13: "console_panel units, console_letters",
    15: "reconcile_changeset_review",
    16: "reconcile_changeset_decide_all",
    33: "console_panel needs",
    50: "index",
    102: "auth_group_delete",
}
_LOOKED_AT = (200, 286)


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(User.objects.create_superuser("ada"))
    return made


def queries_of(client: Client, paths: dict[str, str]) -> dict[str, int]:
    """By label, of the pages that are shown; what is cached between looks is forgotten before."""
    counts = {}
    for label, path in paths.items():
        caches["default"].clear()
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(path)
            b"".join(answer) if answer.streaming else answer.content
        if answer.status_code in _LOOKED_AT:
            counts[label] = len(caught)
    return counts


def test_a_page_takes_as_many_queries_at_twenty_rows_as_at_one(client: Client) -> None:
    population = Population()
    population.grow(1)
    paths = {page.label: page.path for page in walking.pages() if page.name}
    for path in paths.values():
        client.get(path)  # what a process asks once is asked here
    few = queries_of(client, paths)
    population.grow(20)
    many = queries_of(client, paths)
    assert len(few) >= 60, "the walk has lost its pages"
    assert not _told({page: (few[page], many[page]) for page in few if few[page] != many[page]})
    pinned = {page: count for count, names in PINNED.items() for page in names.split(", ")}
    risen = {
        page: (pinned.get(page), few[page]) for page in few if few[page] > pinned.get(page, 0)
    }
    assert not _told(risen), "more than is pinned above (pinned, now)"
    assert not set(pinned) - set(few), "pinned above, and not there any more"


def _told(pages: dict[str, tuple[int | None, int]]) -> str:
    """Each on a line of its own: a comparison of dictionaries would be cut."""
    return "\n".join(f"{page}: {before} -> {now}" for page, (before, now) in pages.items())
