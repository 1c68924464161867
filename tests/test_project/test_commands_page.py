"""docs/commands.md tells of every command, every option and every key that --json prints."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand
from pytest_django.fixtures import Settings

from sync.links.models import Title
from tests.site import ROOT

OURS = {
    name: app
    for name, app in get_commands().items()
    if app.startswith(("popflix.", "sync", "reconcile"))
}
SECRET = "0123456789abcdef0123456789abcdef"
COMMON = {"--json", "--traceback"}
WRITES_NOTHING = {"sandbox", "units", "events", "top", "sync_status"}


def section(name: str) -> str:
    """The part of the page under the command's heading."""
    parts = re.split(r"^## ", (ROOT / "docs" / "commands.md").read_text(), flags=re.M)
    return next(part for part in parts if part.splitlines()[0] == name)


def options(name: str) -> set[str]:
    """The long options that the command adds to Django's own, hidden ones left out."""
    parser = load_command_class(OURS[name], name).create_parser("manage.py", name)
    django = BaseCommand().create_parser("manage.py", name)
    mine = {text for action in parser._actions if action.help != "==SUPPRESS=="
            for text in action.option_strings if text.startswith("--")}  # fmt: skip
    return mine - {text for action in django._actions for text in action.option_strings}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_has_its_section(name: str) -> None:
    assert f"`manage.py {name}" in section(name)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"sandbox"}))
def test_every_option_is_told(name: str) -> None:
    told = section(name)
    common = COMMON | {"--dry-run"}
    assert not [each for each in options(name) - common if f"{each}`" not in told]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_speaks_json_and_those_that_write_can_be_tried(name: str) -> None:
    assert "--json" in options(name)
    assert "--dry-run" in options(name) or name in WRITES_NOTHING


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("import_imdb", [str(ROOT / "samples" / "title.basics.tsv"), "--dry-run"]),
        ("sync_tmdb", ["--dry-run"]),
        ("sync_tmdb", ["--enqueue"]),
        ("adopt", ["--check"]),
        ("serve", ["--dry-run"]),
        ("work", ["--dry-run"]),
        ("demo", ["--dry-run"]),
        ("reset", ["--dry-run"]),
        ("tick", []),
        ("tick", ["--dry-run"]),
        ("units", []),
        ("top", []),
        ("run_unit", ["sync-media-links", "--dry-run"]),
        ("run_unit", ["sync-media-links", "--enqueue"]),
        ("pause", ["sync-media-links", "--why", "so"]),
        ("resume", ["sync-media-links"]),
        ("dead_letters", []),
        ("dead_letters", ["--retry", "--dry-run"]),
        ("dead_letters", ["--retry", "--enqueue"]),
        ("dead_letters", ["--discard", "--why", "so"]),
        ("refresh_movies", ["--dry-run"]),
        ("refresh_movies", ["--enqueue"]),
        ("crawl_movies", ["--enqueue"]),
        ("coverage", ["--export", "{folder}/movie_ids_11_01_2026.json", "--dry-run"]),
        ("fetch_movies", ["603", "--into", "{folder}/kept", "--dry-run"]),
        ("import_movies", ["--tmdb-id", "603", "--dry-run"]),
        ("import_movies", ["{folder}", "--dry-run"]),
        ("import_ratings", ["{folder}/rated.csv", "--source", "letterboxd", "--dry-run"]),
        ("replay_movies", []),
        ("delete_movie", ["603", "--why", "so", "--dry-run"]),
        ("restore_movie", ["603", "--why", "so", "--dry-run"]),
    ],
)
def test_every_key_that_is_printed_is_told(
    name: str, arguments: list[str], settings: Settings, tmp_path: Path
) -> None:
    settings.DEBUG = True  # reset is refused without
    settings.TMDB_API_KEY = SECRET
    (tmp_path / "movie_ids_11_01_2026.json").write_text('{"id": 603, "adult": false}\n')
    (tmp_path / "rated.csv").write_text("tmdb_id,rating\n603,4.1\n")
    arguments = [each.format(folder=tmp_path) for each in arguments]
    Title.objects.create(tconst="tt99000001", title_type="movie")
    printed, said = io.StringIO(), io.StringIO()
    with suppress(SystemExit):  # some tell by their code that a person is needed
        call_command(name, *arguments, "--json", stdout=printed, stderr=said)
    assert SECRET not in printed.getvalue() + said.getvalue()
    assert_told(name, json.loads(printed.getvalue()))


def assert_told(name: str, printed: dict[str, object]) -> None:
    told = section(name)
    assert not [key for key in printed if f"`{key}`" not in told]
