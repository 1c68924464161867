"""The survey reads every bucket, wherever the site keeps them, and changes none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from popflix.lib.errors import OperatorError
from popflix.lib.limiter import policy
from popflix.lib.limiter.build import build_limiter
from popflix.lib.limiter.redis import RedisStore
from popflix.lib.limiter.survey import BucketView, survey
from popflix.lib.models import Bucket
from tests.services.plugin import require

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def no_buckets(db: None) -> None:
    """Limiters commit by connections of their own: those of other tests may be there still."""
    Bucket.objects.all().delete()


def test_without_a_limiter_there_is_nothing_and_nothing_is_made(
    settings: Settings, tmp_path: Path
) -> None:
    settings.POPFLIX_VAR = tmp_path
    assert survey() == []
    assert list(tmp_path.iterdir()) == []


def test_a_cut_rate_is_told_with_its_reason(settings: Settings, tmp_path: Path) -> None:
    settings.POPFLIX_VAR = tmp_path
    cut = BucketView("tmdb", 19.0, 38.0, "TMDB answered 429")
    if connection.vendor == "sqlite":
        limiter = build_limiter("tmdb", 38)
        limiter.penalize(1, "TMDB answered 429")
        limiter.close()
    else:
        Bucket.objects.create(name="tmdb", rate=19, allowed_rate=38, reason="TMDB answered 429")
    assert survey() == [cut]


def test_a_file_that_cannot_be_read_is_told(settings: Settings, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        return  # there is no file
    settings.POPFLIX_VAR = tmp_path
    path = tmp_path / "limiter.sqlite3"
    sqlite3.connect(path).close()
    assert survey() == []  # another process is just making it
    path.write_text("no database, but long enough to be taken for one" * 40)
    with pytest.raises(OperatorError, match="cannot be read"):
        survey()


@pytest.mark.redis
def test_redis_is_asked_where_it_is_named(settings: Settings) -> None:
    settings.REDIS_URL = require("redis").url
    store = RedisStore(settings.REDIS_URL, "surveyed", 5.0)
    try:
        store.change(lambda bucket, _: policy.configure(bucket, 7.0))
        assert BucketView("surveyed", 7.0, 7.0, "") in survey()
    finally:
        store.close()
