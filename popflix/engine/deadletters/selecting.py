"""Finding the letters that are meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from popflix.engine.deadletters import sources
from popflix.engine.deadletters.letters import Group, Letter, Wanted
from popflix.engine.deadletters.sources import Source


def meant(
    wanted: Wanted, before: dt.datetime | None = None, most: int | None = None
) -> list[tuple[Source, Group]]:
    """The groups that are meant, the largest first. Raises OperatorError for an unknown source.

    For pages: of no group more than `most` letters need be counted; what is meant is an id then.
    """
    only = "" if most is None else wanted.group
    named = [sources.find(wanted.source)] if wanted.source else sources.registered()
    found = [
        (source, group)
        for source in named
        for group in source.groups(before=before, most=most, only=only)
        if wanted.takes(group)
    ]
    return sorted(found, key=lambda pair: (-pair[1].count, pair[1].id))


def pages(
    source: Source, group: Group, *, size: int, before: dt.datetime | None = None
) -> Iterator[list[Letter]]:
    """All letters of a group, a page at a time; they may be changed meanwhile."""
    after: Letter | None = None
    while page := source.letters(group, limit=size, after=after, before=before):
        yield page
        after = page[-1]
