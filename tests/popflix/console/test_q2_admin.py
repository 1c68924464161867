"""django-q2's own pages: looked at, never acted on, and what was pickled stays pickled."""

from __future__ import annotations

import base64
import datetime as dt
import pickle
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from popflix.engine.q2 import dispatch
from tests.popflix.console import walking

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MODELS = [Success, Failure, OrmQ, Schedule]


class Bomb:
    """Goes off where somebody unpickles it."""

    went_off = False

    def __reduce__(self) -> Any:
        return (set_off, ())


def set_off() -> str:
    Bomb.went_off = True
    return "the payload"


@pytest.fixture(autouse=True)
def rows() -> None:
    for key, success in (("a" * 32, True), ("b" * 32, False)):
        Task.objects.create(
            id=key, name=f"name-{key[0]}", func="popflix.x", started=NOW, stopped=NOW,
            success=success, args=(), kwargs={}, result="",
        )  # fmt: skip
    dispatch(17)
    if not Schedule.objects.exists():
        Schedule.objects.create(func="popflix.tick", name="tick", kwargs="token='planted'")


def arm() -> None:
    """Puts a bomb into every pickled column, as django-picklefield would store it."""
    with connection.cursor() as cursor:
        packed = base64.b64encode(pickle.dumps(Bomb())).decode()
        cursor.execute(
            "UPDATE django_q_task SET args = %s, kwargs = %s, result = %s", [packed] * 3
        )
    Bomb.went_off = False


def url(model: type, page: str, *args: Any) -> str:
    return reverse(f"admin:django_q_{model.__name__.lower()}_{page}", args=args)


def test_the_bomb_of_this_test_goes_off() -> None:
    arm()
    assert Task.objects.first() is not None
    assert Bomb.went_off


@pytest.mark.parametrize("model", MODELS)
def test_the_pages_are_shown_and_nothing_is_unpickled(
    operator: Client, model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = model.objects.values_list("pk", flat=True)[0]  # type: ignore[attr-defined]
    arm()
    monkeypatch.setattr("django_q.signing.SignedPackage.loads", lambda *_: pytest.fail("opened"))
    for page, args in (("changelist", ()), ("change", (key,)), ("history", (key,))):
        answer = operator.get(url(model, page, *args))
        assert answer.status_code == 200
        assert "the payload" not in answer.content.decode()
        assert "planted" not in answer.content.decode()
    assert not Bomb.went_off


@pytest.mark.parametrize("model", MODELS)
def test_nobody_adds_changes_or_deletes_there(operator: Client, model: type) -> None:
    key = model.objects.values_list("pk", flat=True)[0]  # type: ignore[attr-defined]
    text = operator.get(url(model, "changelist")).content.decode()
    assert f'"{url(model, "add")}"' not in text
    assert 'name="action"' not in text
    before = (Task.objects.count(), OrmQ.objects.count(), Schedule.objects.count())
    assert operator.get(url(model, "add")).status_code == 403
    assert operator.post(url(model, "add"), {"func": "os.system"}).status_code == 403
    assert operator.post(url(model, "change", key), {"func": "os.system"}).status_code == 403
    assert operator.post(url(model, "delete", key), {"post": "yes"}).status_code == 403
    for action in ("resubmit_task", "delete_selected"):
        sent = {"action": action, "_selected_action": [key], "post": "yes"}
        operator.post(url(model, "changelist"), sent)
    assert (Task.objects.count(), OrmQ.objects.count(), Schedule.objects.count()) == before


def test_no_page_of_the_queue_has_an_action() -> None:
    found = [(model, name) for model, name, _ in walking.actions() if model in MODELS]
    # Django's own on every list, which is refused with the permission to delete.
    assert sorted(name for _, name in found) == ["delete_selected"] * len(MODELS)


def test_viewers_may_look_and_others_may_not(client: Client) -> None:
    user = User.objects.create_user("vi", is_staff=True)
    client.force_login(user)
    assert client.get(url(OrmQ, "changelist")).status_code == 403
    user.groups.add(Group.objects.get(name="viewer"))
    assert client.get(url(OrmQ, "changelist")).status_code == 200
