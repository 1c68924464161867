"""Before and after, with only the words marked that differ. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS = 2_000  # comparing costs their product; a longer text is marked as a whole


@dataclass(frozen=True)
class Part:
    text: str
    is_changed: bool


Parts = Sequence[Part]


def marked(before: str, after: str) -> tuple[Parts, Parts]:
    """Both texts in parts; what is not marked stands in both."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > _MOST_WORDS:
        return _whole(before, before != after), _whole(after, before != after)
    left: list[Part] = []
    right: list[Part] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left += _whole("".join(old[i:j]), what != "equal")
        right += _whole("".join(new[k:m]), what != "equal")
    return left, right


def _whole(text: str, is_changed: bool) -> list[Part]:
    return [Part(text, is_changed)] if text else []
