"""A first import goes without the indexes that lists and searches need, and leaves them behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from popflix.lib.errors import OperatorError
from popflix.lib.schema.indexes import index_names
from sync.links import title_indexes
from sync.links.import_file import FileImport
from sync.links.models import Title
from tests.sync.links.imdb import movies, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
OURS = {"titles_of_a_type", "titles_by_beginning"}


def there() -> set[str]:
    return OURS & index_names(connection, Title._meta.db_table)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Our indexes that were there when each import had read its titles."""
    seen: list[set[str]] = []
    real = FileImport.load

    def load(*args: Any, **more: Any) -> Any:
        counts = real(*args, **more)
        seen.append(there())
        return counts

    monkeypatch.setattr(FileImport, "load", load)
    monkeypatch.setattr(title_indexes, "_WORTH_IT", 1)
    return seen


def imported(folder: Path, count: int, *options: str) -> None:
    call_command("import_imdb", str(write(folder / "t.tsv", movies(count))), *options)


def test_the_first_titles_come_without_them_and_all_others_with_them(
    tmp_path: Path, meanwhile: list[set[str]]
) -> None:
    imported(tmp_path, 2)
    assert there() == OURS
    imported(tmp_path, 3)
    assert meanwhile == [set(), OURS]
    assert there() == OURS


def test_a_small_file_and_a_rehearsal_leave_them_alone(
    tmp_path: Path, meanwhile: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(tmp_path, 2, "--dry-run")
    monkeypatch.setattr(title_indexes, "_WORTH_IT", 1_000_000)
    imported(tmp_path, 2)
    assert meanwhile == [OURS, OURS]


def test_an_import_that_breaks_off_leaves_them_behind_too(
    tmp_path: Path, meanwhile: list[set[str]]
) -> None:
    file = tmp_path / "t.tsv"
    file.write_text("not what IMDb writes\n")
    with pytest.raises(OperatorError):
        call_command("import_imdb", str(file))
    assert meanwhile == []
    assert there() == OURS


def test_what_a_killed_import_left_off_the_next_one_makes(tmp_path: Path) -> None:
    title_indexes._take_off()
    assert there() == set()
    imported(tmp_path, 2)  # though it is small
    assert there() == OURS


def test_where_the_account_may_not_change_the_table_the_import_goes_on(
    tmp_path: Path, meanwhile: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(title_indexes, "drop_sql", lambda *_: "DROP INDEX of_nobody ON nothing")
    imported(tmp_path, 2)
    assert Title.objects.count() == 2
    assert meanwhile == [OURS]
