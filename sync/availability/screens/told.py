"""What stands on these pages of a check, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from popflix.lib.addresses import is_http

KINDS = {"flatrate": "Subscription", "free": "Free", "ads": "With ads", "rent": "Rent",
         "buy": "Buy"}  # fmt: skip
# By the rule that decided, where nobody said it in words: on rows of a region.
_WORDS = {
    "network": "it could not be reached",
    "foreign redirect": "it redirects to another host",
    "redirects": "its redirects come to no end",
    "hosts": "it answered from a host that is not named",
    "body_contains": "the page does not say what it should",
    "controls": "its controls disagreed",
    "no such title": "it does not know the title",
    "no imdb_id": "no IMDb id is known",
    "payload": "its answer cannot be read",
}


def reason(rule: str, error: str, code: int | None) -> str:
    """Why a check found nothing out, in half a sentence."""
    known = error.strip().rstrip(".") or _WORDS.get(rule, "")
    if not known and (code or rule.isdecimal()):
        known = f"answered {code or rule}"
    return known or rule or "no reason is kept"


@dataclass(frozen=True)
class Offers:
    """Of one region. `kinds` are those there are: words, and the services' names."""

    region: str
    kinds: Sequence[tuple[str, Sequence[str]]]
    link: str

    def __bool__(self) -> bool:
        return bool(self.kinds)


def offers_of(region: str, offers: object) -> Offers:
    """What stands in the column; what is of another form is left out."""
    if not isinstance(offers, Mapping):
        return Offers(region, [], "")
    kinds = [(words, _names(offers.get(kind))) for kind, words in KINDS.items()]
    link = offers.get("link")
    return Offers(
        region,
        [(words, names) for words, names in kinds if names],
        link if isinstance(link, str) and is_http(link) else "",
    )


def _names(services: Any) -> list[str]:
    if not isinstance(services, Sequence) or isinstance(services, str):
        return []
    return [str(each["name"]) for each in services if isinstance(each, Mapping) and "name" in each]


def percent(value: float | None) -> str:
    """`0.4 %`; nothing where there is nothing to share out."""
    return "–" if value is None else f"{value:g} %"


def milliseconds(value: int | None) -> str:
    """`85 ms`, `1.2 s`."""
    if value is None:
        return "–"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value} ms"


def per_second(rate: float) -> str:
    """`2`, `0.5`, `19.2`."""
    return f"{rate:.2f}".rstrip("0").rstrip(".")
