"""The words with which feeds say that a show does not take place. Pure."""

from __future__ import annotations

# In lower case; what stands in no feed we know counts as active, as does saying nothing.
INACTIVE_WORDS = ("n", "0", "no", "false", "f", "inactive", "cancelled", "canceled")


def is_active(word: str | None) -> bool:
    return word is None or word.strip().lower() not in INACTIVE_WORDS
