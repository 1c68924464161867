"""What an entry of the audit trail kept beside its columns, in rows for a reader. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Change = tuple[str, str, str]  # a field, its value before and after
_SIDES = {"before", "after"}
_DEEPEST = 8  # levels that are shown
_HALF_A_LETTER = re.compile(r"[\ud800-\udfff]")  # JSON can hold it, a page cannot


@dataclass(frozen=True)
class Told:
    changes: list[Change] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)


def told(details: object) -> Told:
    """`{"year": {"before": 1, "after": 2}}`, or the two sides each with their fields, are
    changes; everything else is a fact."""
    found = Told()
    if not isinstance(details, Mapping):  # the column takes any JSON
        details = {"value": details}
    rest = dict(details)
    if rest.keys() >= _SIDES:
        found.changes.extend(_changes("value", rest.pop("before"), rest.pop("after")))
    for name, value in rest.items():
        if isinstance(value, Mapping) and value.keys() == _SIDES:
            found.changes.append((_words(name), text(value["before"]), text(value["after"])))
        else:
            found.facts.append((_words(name), text(value)))
    return found


def _changes(name: str, before: object, after: object) -> list[Change]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return [(name, text(before), text(after))]
    names = [*before, *(each for each in after if each not in before)]
    return [(_words(each), text(before.get(each)), text(after.get(each))) for each in names]


def text(value: object, deeper: int = _DEEPEST) -> str:
    """A value of JSON in words: `a, b` and `name: value`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple) and not deeper:
        return "…"
    if isinstance(value, Mapping):
        parts = ((_words(str(name)), text(each, deeper - 1)) for name, each in value.items())
        return "; ".join(f"{name}: {part}" for name, part in parts)
    if isinstance(value, list | tuple):
        return ", ".join(text(each, deeper - 1) for each in value)
    return _HALF_A_LETTER.sub(" ", str(value))


def _words(name: str) -> str:
    return _HALF_A_LETTER.sub(" ", name.replace("_", " "))
