"""Bodies that nothing refers to any more: what came later took their place."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import ManyToOneRel, Model

from popflix.lib.batches import chunk
from sync.movies.models import StoredPayload

_IN_ONE_STATEMENT = 500


def forget_payloads(hashes: Iterable[str | None]) -> None:
    """Delete those that no row of any table needs, in the caller's transaction.

    Equal bodies are one row. By a statement of its own: Django would read the bodies first.
    """
    quote = connection.ops.quote_name
    for some in chunk(sorted({each for each in hashes if each}), _IN_ONE_STATEMENT):
        unused = sorted(set(some) - _needed(some))
        if unused:
            marks = ", ".join(["%s"] * len(unused))
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {quote(StoredPayload._meta.db_table)} WHERE sha256 IN ({marks})",
                    unused,
                )


def _needed(hashes: Collection[str]) -> set[str]:
    found: set[str] = set()
    for model, name in _referring():
        rows = model._default_manager.filter(**{f"{name}__in": list(hashes)})
        found.update(rows.values_list(name, flat=True))
    return found


def _referring() -> list[tuple[type[Model], str]]:
    """Whoever refers to bodies declares it by a foreign key, also one without a way back: of
    those (`related_name="+"`) `related_objects` says nothing."""
    relations = StoredPayload._meta.get_fields(include_hidden=True)
    return [
        (each.related_model, each.field.attname)
        for each in relations
        if isinstance(each, ManyToOneRel)
    ]
