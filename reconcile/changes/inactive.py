"""The feed's own word for a show that does not take place. Pure."""

from __future__ import annotations

from reconcile.feed.words import is_active

_OPPOSITES = {"y": "n", "1": "0", "yes": "no", "true": "false", "t": "f", "active": "inactive"}
_OTHERWISE = "N"


def inactive_word(word: str | None) -> str:
    """What the feed would say of the show of which it said `word`, in the same kind of letters."""
    if word is not None and not is_active(word):
        return word
    text = (word or "").strip()
    opposite = _OPPOSITES.get(text.lower())
    if opposite is None:
        return _OTHERWISE
    if text.isupper():
        return opposite.upper()
    return opposite.capitalize() if text.istitle() else opposite
