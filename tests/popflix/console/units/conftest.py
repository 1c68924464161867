"""A unit to look at, and somebody who may do only what is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from popflix.engine.registry import Timetable, Unit, registry
from popflix.engine.retry import RetryPolicy
from popflix.lib.errors import OperatorError

Member = Callable[..., Client]


@dataclass(frozen=True)
class Order:
    limit: int | None = None
    size: int = 100


def clean(params: Mapping[str, object]) -> dict[str, object]:
    cleaned = asdict(Order(**params))  # type: ignore[arg-type]
    if not isinstance(cleaned["size"], int):
        raise OperatorError("size is no number.", "Give a whole number.")
    return cleaned


def greet(ctx: object) -> None:
    """Say hello to each guest.

    Not shown: the rest.
    """


@pytest.fixture(autouse=True)
def unit() -> Iterator[Unit]:
    made = Unit(
        "greet", greet, slots=1, title="Greetings", clean_params=clean,
        retry=RetryPolicy(attempts=3, base_seconds=20), timetable=Timetable(every_seconds=900),
    )  # fmt: skip
    registry.register(made)
    yield made
    registry.release("greet")


@pytest.fixture
def member() -> Member:
    def of(*permissions: str) -> Client:
        user = User.objects.create_user("vi", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return of
