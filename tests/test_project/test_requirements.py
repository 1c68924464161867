"""The locked sets can be installed as they stand: bounded, pinned, hashed, from any index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.site import ROOT

FOLDER = ROOT / "requirements"
LOCKED = sorted(FOLDER.glob("*.txt"))
WANTED = sorted(FOLDER.glob("*.in"))


def entries(path: Path) -> list[str]:
    """One string per requirement, its hashes with it, comments dropped."""
    text = re.sub(r"\\\n\s+", " ", path.read_text())
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_every_locked_requirement_is_pinned_and_hashed(path: Path) -> None:
    for entry in entries(path):
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", [*LOCKED, *WANTED], ids=lambda path: path.name)
def test_no_requirement_file_names_an_index(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links|-f|--trusted)", text, re.M)


@pytest.mark.parametrize("path", WANTED, ids=lambda path: path.name)
def test_every_wanted_requirement_is_bounded_and_locked(path: Path) -> None:
    locked = {name_of(entry) for entry in entries(path.with_suffix(".txt"))}
    for entry in entries(path):
        if entry.startswith("-c "):
            assert (FOLDER / entry.removeprefix("-c ")).is_file()
            continue
        assert re.search(r">=.+,<", entry), f"{entry} has no bounds"
        assert name_of(entry) in locked


def test_one_package_has_one_version_in_all_sets() -> None:
    versions: dict[str, set[str]] = {}
    for path in LOCKED:
        for entry in entries(path):
            versions.setdefault(name_of(entry), set()).add(entry.split()[0].partition("==")[2])
    assert not {name: pins for name, pins in versions.items() if len(pins) > 1}
