"""What the demo shows of this app: one title of each kind of outcome, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable

from popflix.console.tables import Table, showcase
from sync.links.models import Enrichment

_LOOKED_AT = 500  # rows among which the kinds are looked for
_MOST_TITLES = 8


@showcase
def titles_of_each_kind() -> Table:
    """Two rows per title: its poster and its trailer."""
    work = Enrichment.objects.select_related("link__title").order_by("pk")[:_LOOKED_AT]
    rows = [row for each in _one_of_each_kind(work) for row in _rows(each)]
    return Table("Some of the titles", ("title", "", "status", "link", "why"), rows)


def _one_of_each_kind(work: Iterable[Enrichment]) -> list[Enrichment]:
    kinds: dict[tuple[object, ...], Enrichment] = {}
    for each in work:
        link = each.link
        held = (bool(link.poster_url), bool(link.trailer_embed_url))
        kinds.setdefault((link.processed_status, each.failure_kind, each.media_type, *held), each)
    return list(kinds.values())[:_MOST_TITLES]


def _rows(work: Enrichment) -> list[tuple[str, ...]]:
    link = work.link
    status = f"{link.processed_status} {work.failure_kind}".rstrip()
    if work.failure_kind:
        return [(str(link.title), "", status, "", work.last_error)]
    return [
        (str(link.title), "poster", status, link.poster_url or "none", work.poster_reason),
        ("", "trailer", "", link.trailer_embed_url or "none", work.trailer_reason),
    ]
