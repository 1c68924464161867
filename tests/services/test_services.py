"""The private servers answer, so that a skip elsewhere is never a broken fixture."""

from __future__ import annotations

import pytest

from tests.services.servers import Server
from tests.site import Site


@pytest.mark.mariadb
def test_mariadb_answers_on_a_port_of_its_own(mariadb: Server) -> None:
    assert mariadb.url.startswith("mysql://")


@pytest.mark.postgres
def test_postgres_answers_on_a_port_of_its_own(postgres: Server) -> None:
    assert postgres.url.startswith("postgres://")


@pytest.mark.redis
def test_redis_answers_on_a_port_of_its_own(redis_server: Server) -> None:
    assert redis_server.url.startswith("redis://")


def test_a_site_migrates_on_each_database(site: Site) -> None:
    assert "[X] 0001_initial" in site.manage("showmigrations", "sync").stdout
