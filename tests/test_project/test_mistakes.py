"""The mistakes everybody makes once: one sentence of cause, one of cure, exit code 1."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from popflix import sandbox
from tests.services.servers import free_port
from tests.site import Site

pytestmark = pytest.mark.either


@dataclass(frozen=True)
class Mistake:
    """Words that the cause and the cure must hold, and what makes sync_tmdb fail so."""

    cause: str
    cure: str
    variables: Mapping[str, str] = field(default_factory=dict)
    schema_is_current: bool = False

    def make(self, site: Site, *flags: str) -> subprocess.CompletedProcess[str]:
        return site.manage("sync_tmdb", *flags, expect=1, timeout=60, **self.variables)


MISTAKES = {
    "the URL is malformed": Mistake(
        "DATABASE_URL is malformed", "mysql://", {"DATABASE_URL": "popflix_db"}
    ),
    "the server is down": Mistake(
        "cannot be reached",
        "Start the database server",
        {
            "DATABASE_URL": f"mysql://root@127.0.0.1:{free_port()}/popflix",
            "SECRET_KEY": "only-for-tests",
        },
    ),
    "the schema is behind": Mistake("not applied", "manage.py migrate"),
    "no key is set": Mistake(
        "TMDB_READ_TOKEN", "themoviedb.org/settings/api", schema_is_current=True
    ),
}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("migrated"))
    site.migrate()
    return site


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
class TestAMistake:
    @pytest.fixture
    def site(self, mistake: Mistake, migrated: Site, tmp_path: Path) -> Site:
        return migrated if mistake.schema_is_current else Site(tmp_path)

    def test_is_one_sentence_of_cause_and_one_of_cure(self, site: Site, mistake: Mistake) -> None:
        done = mistake.make(site)
        cause, cure = done.stderr.strip().splitlines()
        assert cause.startswith("Error: ")
        assert mistake.cause in cause
        assert cure.startswith("Fix: ")
        assert mistake.cure in cure
        assert done.stdout == ""

    def test_tells_programs_in_one_object(self, site: Site, mistake: Mistake) -> None:
        told = json.loads(mistake.make(site, "--json").stdout)
        assert set(told) == {"error", "fix"}
        assert mistake.cause in told["error"]
        assert mistake.cure in told["fix"]

    def test_shows_where_it_comes_from_when_asked(self, site: Site, mistake: Mistake) -> None:
        assert "Traceback (most recent call last)" in mistake.make(site, "--traceback").stderr


def test_a_wrong_key_ends_at_once_with_every_row_intact(site: Site) -> None:
    with sandbox.running(titles=12, seed=1, api_key="the-right-one") as stand_in:
        file = stand_in.imdb_tsv(site.folder / "titles.tsv")
        site.manage("import_imdb", str(file))
        before = site.manage("shell", "-v0", "-c", ROWS).stdout
        wrong = {"TMDB_BASE_URL": stand_in.url, "TMDB_API_KEY": "a-wrong-one"}
        told = site.manage("sync_tmdb", expect=1, timeout=60, **wrong).stderr
        cause, cure = told.strip().splitlines()[-2:]
        assert "TMDB" in cause
        assert "TMDB_API_KEY" in cure
        assert site.manage("shell", "-v0", "-c", ROWS).stdout == before
        assert stand_in.report()["requests"] <= 8  # what was in flight, nothing more


ROWS = """
from sync.links.models import MediaLinks
for row in MediaLinks.objects.order_by('pk').values_list('pk', 'processed_status',
        'last_updated', 'enrichment__attempts', 'enrichment__lease_token'):
    print(row)
"""
