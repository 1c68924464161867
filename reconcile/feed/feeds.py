"""The feeds that POPFLIX_FEEDS names, and how the times of each are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from popflix.lib.errors import ConfigurationError, OperatorError
from reconcile.feed.models import Source
from reconcile.feed.zones import Times, is_zone

SETTING = "POPFLIX_FEEDS"
DEFAULT_NAME = "default"  # of what is loaded where no feed is set
LONGEST_NAME = 60
_KEYS = ("name", "url", "time_zone", "times")
_CURE = f"See {SETTING} in .env.example for its form."


@dataclass(frozen=True)
class Feed:
    """`where` is a path, an http(s) address or `-`; `zone` is empty where nobody says."""

    name: str
    where: str
    zone: str = ""
    times: Times = Times.UTC


def configured() -> list[Feed]:
    """The feeds of the setting. Raises ConfigurationError naming entry and field."""
    return parse_feeds(settings.POPFLIX_FEEDS)


def why_not_ready() -> str:
    return "" if configured() else f"{SETTING} names no feed."


def parse_feeds(entries: Sequence[Any]) -> list[Feed]:
    feeds = [_parse(number, entry) for number, entry in enumerate(entries, 1)]
    names = [feed.name.casefold() for feed in feeds]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise _wrong(number, "name", "is another entry's too")
    return feeds


def _parse(number: int, entry: Any) -> Feed:
    if not isinstance(entry, dict):
        raise ConfigurationError(f"Entry {number} of {SETTING} is no JSON object.", _CURE)
    for key in entry:
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise _wrong(number, str(key)[:40], f"is unknown; known are {known}")
    texts = {key: _text(number, key, entry.get(key, "")) for key in _KEYS}
    for key in ("name", "url"):
        if not texts[key]:
            raise _wrong(number, key, "is missing")
    if len(texts["name"]) > LONGEST_NAME:
        raise _wrong(number, "name", f"is longer than {LONGEST_NAME} characters")
    if texts["url"] == "-":
        raise _wrong(number, "url", "is standard input, which no schedule has")
    if texts["time_zone"] and not is_zone(texts["time_zone"]):
        raise _wrong(number, "time_zone", "is no time zone, as Europe/Berlin is one")
    times = texts["times"] or Times.UTC.value
    if times not in list(Times):
        raise _wrong(number, "times", "is neither utc nor local")
    if times == Times.LOCAL and not texts["time_zone"]:
        raise _wrong(number, "time_zone", "is missing, though its times are local")
    return Feed(texts["name"], texts["url"], texts["time_zone"], Times(times))


def _text(number: int, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(number, key, "is no text")
    return value.strip()


def _wrong(number: int, key: str, what: str) -> ConfigurationError:
    """The value itself is never shown: an address may hold a secret."""
    return ConfigurationError(f"Entry {number} of {SETTING}: {key} {what}.", _CURE)


def feed_to_load(source: str | None, where: str | None, zone: str | None) -> Feed:
    """The one feed that a command means. Raises OperatorError where it means none or several.

    A time zone that is given makes the times that zone's wall clock, now and in later loads;
    what POPFLIX_FEEDS says goes before what was given earlier.
    """
    known = {feed.name: feed for feed in configured()}
    name = source or _name_of(known, where)
    if len(name) > LONGEST_NAME:
        raise OperatorError(
            f"The name of the feed is longer than {LONGEST_NAME} characters.", "Shorten it."
        )
    feed = known.get(name) or _remembered(name)
    if where is None and not feed.where:
        raise OperatorError(f"There is no feed {name}.", _known(known))
    zoned = (feed.zone, feed.times) if zone is None else (zone, Times.LOCAL)
    return Feed(name, where or feed.where, *zoned)


def _name_of(known: Mapping[str, Feed], where: str | None) -> str:
    same = [feed.name for feed in known.values() if feed.where == where]
    if len(known) <= 1 or same:
        return next(iter([*same, *known]), DEFAULT_NAME)
    raise OperatorError("Several feeds are set.", f"Say --source NAME: {', '.join(known)}.")


def _remembered(name: str) -> Feed:
    row = Source.objects.filter(name=name).first()
    if row is None or not row.times:
        return Feed(name, "")
    return Feed(name, "", row.zone, Times(row.times))


def _known(known: Mapping[str, Feed]) -> str:
    if not known:
        return f"Give the feed's path or address, or set {SETTING}."
    return f"Known are {', '.join(known)}."
