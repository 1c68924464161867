"""The feed's own word for a show that does not take place. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.feed.words import is_active

_OPPOSITES = {"y": "n", "1": "0", "yes": "no", "true": "false", "t": "f", "active": "inactive"}
_OTHERWISE = "N"
_ACTIVE = {inactive: active for active, inactive in _OPPOSITES.items()}


def inactive_word(word: str | None) -> str:
    """What the feed would say of the show of which it said `word`, in the same kind of letters."""
    if word is not None and not is_active(word):
        return word
    return _like(word, _OPPOSITES, _OTHERWISE)


def active_word(word: str | None) -> str | None:
    """What the feed would say if the show took place, of which it said `word`."""
    return word if is_active(word) else _like(word, _ACTIVE, "Y")


def _like(word: str | None, opposites: Mapping[str, str], otherwise: str) -> str:
    text = (word or "").strip()
    opposite = opposites.get(text.lower())
    if opposite is None:
        return otherwise
    if text.isupper():
        return opposite.upper()
    return opposite.capitalize() if text.istitle() else opposite
