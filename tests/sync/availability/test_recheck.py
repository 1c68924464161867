"""What an operator wants checked again is checked next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.exceptions import PermissionDenied

from popflix.engine.models import Lane, Run
from popflix.engine.runner import run_in_foreground
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from sync.availability import recheck_matching
from sync.availability.models import Availability
from sync.availability.recheck import recheck
from sync.availability.types import ProviderConfig
from tests.popflix.engine.fakes import NOON, FakeClock, FakeStop
from tests.sync.availability.fakes import configured, due_row, row

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def config() -> Iterator[ProviderConfig]:
    with configured() as made:
        yield made


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user("ada")
    user.user_permissions.add(Permission.objects.get(codename="recheck_availability"))
    return user


def test_a_row_becomes_due_and_its_unit_is_woken(config: ProviderConfig, ada: User) -> None:
    made = due_row(1, config, due_at=NOON + HOUR, status="available")
    assert recheck(ada, [made.pk], "it is there", FakeClock()) == 1
    stored = row(1)
    assert (stored.due_at, stored.lane, stored.status) == (NOON, Lane.OPERATOR, "available")
    run = Run.objects.get()
    assert (run.unit, run.params["movie_ids"]) == (config.unit, [made.movie_id])
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.why, entry.count) == ("ada", "it is there", 1)


def test_of_a_regions_row_the_movies_own_one_is_checked(config: ProviderConfig, ada: User) -> None:
    made = due_row(1, config, due_at=NOON + HOUR)
    beside = Availability.objects.create(
        movie=made.movie, provider=made.provider, region="DE", status="available"
    )
    assert recheck(ada, Availability.objects.filter(pk=beside.pk), "why", FakeClock()) == 1
    assert row(1).due_at == NOON
    beside.refresh_from_db()
    assert beside.due_at is None


def test_a_dead_letter_is_revived_and_a_running_check_is_left_alone(
    config: ProviderConfig, ada: User
) -> None:
    letter = due_row(1, config, due_at=None, given_up_at=NOON, failure_kind="fault", attempts=5)
    held = due_row(2, config, due_at=NOON + HOUR, lease_token="7-1-1", attempts=1)
    recheck(ada, [letter.pk, held.pk], "why", FakeClock())
    assert (row(1).given_up_at, row(1).attempts, row(1).due_at) == (None, 0, NOON)
    assert row(2).lease_token == "7-1-1"


def test_nobody_checks_without_the_permission_or_a_reason(
    config: ProviderConfig, ada: User
) -> None:
    made = due_row(1, config, due_at=NOON + HOUR)
    for user in (User.objects.create_user("bo"), AnonymousUser()):
        with pytest.raises(PermissionDenied):
            recheck(user, [made.pk], "why", FakeClock())
    with pytest.raises(OperatorError, match="reason"):
        recheck(ada, [made.pk], "  ", FakeClock())
    with pytest.raises(OperatorError, match="nothing to check"):
        recheck(ada, [], "why", FakeClock())
    assert row(1).due_at == NOON + HOUR
    assert not AuditEntry.objects.exists()


def test_all_that_match_become_due_page_by_page(
    config: ProviderConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck_matching, "ROWS_A_COMMIT", 2)
    for number in range(1, 6):
        status = "available" if number == 5 else "unavailable"
        due_row(number, config, due_at=NOON + HOUR, status=status)
    clock = FakeClock()
    params = {"provider": config.name, "state": "unavailable", "why": "a feeling", "by": "ada"}
    outcome = run_in_foreground(recheck_matching.UNIT, params, stop=FakeStop(clock), clock=clock)
    assert outcome.result["count"] == 4
    assert [row(number).due_at for number in (1, 4, 5)] == [NOON, NOON, NOON + HOUR]
    assert Run.objects.filter(unit=config.unit).count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.count, entry.actor_name) == (4, "ada")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"why": "x"}, "which checks are meant"),
        ({"state": "unavailable"}, "reason"),
        ({"state": "sometimes", "why": "x"}, "state"),
        ({"colour": "red", "why": "x"}, "no parameter colour"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(params: dict[str, str], words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        recheck_matching.clean_params(params)
