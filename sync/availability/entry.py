"""Reading one entry of POPFLIX_PROVIDERS, field by field. Pure.

No value is ever shown, since an address may carry a key: entry and field say where to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from popflix.lib.errors import ConfigurationError

SETTING = "POPFLIX_PROVIDERS"
MOST_IN_A_LIST = 100


class Entry:
    """`where` names it to an operator: by its number, and by its name once that is known good."""

    def __init__(self, number: int, fields: Mapping[str, Any], inside: str = "") -> None:
        self._number, self._fields, self._inside = number, fields, inside
        self.name = ""

    def wrong(self, field: str, what: str, fix: str) -> ConfigurationError:
        called = f" ({self.name})" if self.name else ""
        place = f"{self._inside}.{field}" if self._inside else field
        return ConfigurationError(
            f"Entry {self._number}{called} of {SETTING}: {place} {what}.", fix
        )

    def has(self, field: str) -> bool:
        return field in self._fields

    def check_known(self, known: Sequence[str], where: str) -> None:
        for field in self._fields:
            if field not in known:
                fix = f"Remove it; {where} has {', '.join(known)}."
                raise self.wrong(str(field)[:40], "is unknown there", fix)

    def text(self, field: str, default: str = "") -> str:
        value = self._fields.get(field, default)
        if not isinstance(value, str):
            raise self.wrong(field, "is no text", f'Write "{field}": "…".')
        return value.strip()

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts; one text alone is taken for a list of one."""
        value = self._fields.get(field, [])
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise self.wrong(field, "is no list of texts", f'Write "{field}": ["…", "…"].')
        if not all(one.strip() for one in given):
            raise self.wrong(field, "has an empty text", "Remove it.")
        self._check_length(field, given)
        return tuple(dict.fromkeys(given))

    def number(self, field: str, default: float, least: float, most: float) -> float:
        value = self._fields.get(field, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            fix = f'Write for instance "{field}": {default:g}.'
            raise self.wrong(field, f"is no number from {least:g} to {most:g}", fix)
        return float(value)

    def integer(self, field: str, default: int, least: int, most: int) -> int:
        value = self.number(field, default, least, most)
        if value != int(value):
            raise self.wrong(field, "is no whole number", f'Write "{field}": {default}.')
        return int(value)

    def integers(
        self, field: str, default: Sequence[int], least: int, most: int
    ) -> tuple[int, ...]:
        value = self._fields.get(field, list(default))
        is_right = isinstance(value, list) and all(
            type(one) is int and least <= one <= most for one in value
        )
        if not is_right:
            fix = f'Write for instance "{field}": [{least}].'
            raise self.wrong(field, f"is no list of whole numbers from {least} to {most}", fix)
        self._check_length(field, value)
        return tuple(dict.fromkeys(value))

    def inner(self, field: str) -> Entry | None:
        """The object that stands in a field; None where nothing does."""
        if field not in self._fields:
            return None
        value = self._fields[field]
        if not isinstance(value, dict):
            raise self.wrong(field, "is no JSON object", f'Write "{field}": {{…}}.')
        found = Entry(self._number, value, inside=field)
        found.name = self.name
        return found

    def _check_length(self, field: str, value: Sequence[object]) -> None:
        if len(value) > MOST_IN_A_LIST:
            fix = "Keep the most telling ones."
            raise self.wrong(field, f"has more than {MOST_IN_A_LIST} values", fix)
