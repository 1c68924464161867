"""What the documents promise is there: commands, targets, files, columns, modules."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from tests.site import ROOT
from tests.test_project.test_configuration import variables_of_the_example

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAKE_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


def columns() -> set[str]:
    """`Table` and `Table.column` of every model."""
    named: set[str] = set()
    for model in apps.get_models():
        table = model._meta.db_table
        named |= {table, *(f"{table}.{field.column}" for field in model._meta.concrete_fields)}
    return named


def is_importable(dotted: str) -> bool:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def exists(target: str) -> bool:
    if target.startswith("manage.py "):
        return target.split()[1] in get_commands()
    if target.startswith("make "):
        return target.split()[1] in MAKE_TARGETS
    if target in columns() | variables_of_the_example() or (ROOT / target).exists():
        return True
    return "." in target and "/" not in target and is_importable(target)


def targets_of(page: Path) -> Iterator[str]:
    """What stands in backticks in the second column of each table."""
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) >= 4 and not set(cells[1]) <= set("-: "):
            yield from re.findall(r"`([^`]+)`", cells[2])


def test_everything_from_the_seeds_lives_where_the_page_says() -> None:
    targets = list(targets_of(ROOT / "docs" / "from-the-seeds.md"))
    assert len(targets) > 40
    assert not [target for target in targets if not exists(target)]


MADE_UP = ("manage.py sink_tmdb", "make coffee", "MediaLinks.imdbid", "TMDB_APIKEY", "sync/none",
           "sync.links.choose.nothing")  # fmt: skip


@pytest.mark.parametrize("target", MADE_UP)
def test_a_target_that_is_not_there_is_noticed(target: str) -> None:
    assert not exists(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_target_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    commands = set(re.findall(r"manage\.py ([a-z_]{3,})", text))
    assert commands <= set(get_commands()) | {"diffsettings"}
    assert set(re.findall(r"`make ([a-z]+)", text)) <= MAKE_TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def anchors_of(page: Path) -> set[str]:
    """The anchors that a renderer makes of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_that_the_code_refers_to_exists() -> None:
    sources = [path for folder in ("popflix", "sync") for path in (ROOT / folder).rglob("*.py")]
    named = {
        found
        for path in sources
        for found in re.findall(r"docs/[\w/.-]+\.(?:md|sql)", path.read_text())
    }
    assert not {name for name in named if not (ROOT / name).is_file()}


def test_no_decision_is_longer_than_sixty_lines() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert records
    assert not [path.name for path in records if len(path.read_text().splitlines()) > 60]


def test_the_readme_carries_tmdbs_notice() -> None:
    notice = "This product uses the TMDB API but is not endorsed or certified by TMDB."
    assert notice in " ".join((ROOT / "README.md").read_text().split())
