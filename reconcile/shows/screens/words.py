"""Words and permissions of these pages."""

from __future__ import annotations

from popflix.lib.field_locks import UNTIL_WORDS, Kept
from popflix.lib.models import LockMode
from reconcile.changes.told import FIELDS

# Who decides what feeds may write into master may write into it by hand: nobody else.
EDIT = "reconcile.approve_change"
UNTIL = [
    (str(mode), UNTIL_WORDS[mode].capitalize())
    for mode in (LockMode.AGREES, LockMode.PASSED, LockMode.DATE, LockMode.FOREVER)
]


def field_name(name: str) -> str:
    return FIELDS.get(name, name)


def locked_words(kept: Kept) -> str:
    """`until the feed agrees, by ada: the cinema rang`."""
    why = f": {kept.why}" if kept.why else ""
    return f"{kept.until_words}, by {kept.by}{why}"
