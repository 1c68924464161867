"""The audit trail names who, what, how many and why."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from popflix.lib import audit
from tests.sync.links.rows import NOW

pytestmark = pytest.mark.django_db


def test_an_account_is_kept_with_its_name() -> None:
    ada = User.objects.create_user("ada")
    entry = audit.record(ada, "retry", at=NOW, target="tt1", count=3, why="back", details={"a": 1})
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.at) == (ada, "ada", NOW)
    assert (entry.action, entry.target, entry.count) == ("retry", "tt1", 3)
    assert (entry.why, entry.details) == ("back", {"a": 1})


def test_the_name_outlives_the_account() -> None:
    ada = User.objects.create_user("ada")
    entry = audit.record(ada, "retry", at=NOW)
    ada.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name) == (None, "ada")


@pytest.mark.parametrize(
    ("actor", "name"), [("sync_tmdb", "sync_tmdb"), (AnonymousUser(), "AnonymousUser")]
)
def test_commands_and_the_machine_act_under_their_own_names(actor: object, name: str) -> None:
    entry = audit.record(actor, "retry", at=NOW)  # type: ignore[arg-type]
    assert (entry.actor, entry.actor_name) == (None, name)


def test_a_long_target_is_cut_to_its_column() -> None:
    assert len(audit.record("x", "retry", at=NOW, target="t" * 500).target) == 200
