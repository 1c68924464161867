"""Reading the single fields of an entry of POPFLIX_PROVIDERS. Pure.

Raised is ConfigurationError, as `Entry` words it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sync.availability.countries import COUNTRIES
from sync.availability.entry import Entry
from sync.availability.template import fault_of_address, label_of, unknown_names
from sync.availability.types import Controls

MEDIA_TYPES = ("movie", "tv")
_HOST = re.compile(r"[a-z0-9._-]{1,253}|\[?[0-9a-f:]+\]?")
_LONGEST_LABEL = 100  # `models.HOST_LENGTH`
_LARGEST_ID = 2_147_483_647
# What these say is fixed: that a title is not there, or nothing about it at all.
_NEVER_AVAILABLE = (401, 403, 404, 407, 408, 410, 425, 429)
_PLAIN_HOST = "Write names alone, such as player.example: no scheme, port or path."


def template_of(entry: Entry, known: Sequence[str]) -> str:
    template = entry.text("template")
    fix = f"It may hold {', '.join(f'{{{name}}}' for name in known)}."
    if not template:
        raise entry.wrong("template", "is missing", f"Write where to ask. {fix}")
    try:
        unknown = unknown_names(template, known)
    except ValueError as fault:
        raise entry.wrong("template", str(fault), fix) from None
    if unknown:
        raise entry.wrong("template", f"has the unknown placeholder {{{unknown[0]}}}", fix)
    return template


def mirrors_of(entry: Entry) -> tuple[str, ...]:
    mirrors = tuple(one.strip().rstrip("/") for one in entry.texts("mirrors"))
    fix = "Write addresses without a query, such as https://m1.example or https://m1.example/a."
    for mirror in mirrors:
        if "{" in mirror or "?" in mirror or (fault := fault_of_address(mirror)):
            what = (
                "has one with a placeholder or a query" if "{" in mirror or "?" in mirror else ""
            )
            raise entry.wrong("mirrors", what or f"has one that {fault}", fix)
        if len(label_of(mirror)) > _LONGEST_LABEL:
            raise entry.wrong("mirrors", f"has one of over {_LONGEST_LABEL} characters", fix)
    if len({label_of(mirror) for mirror in mirrors}) < len(mirrors):
        raise entry.wrong("mirrors", "names one twice", "Remove one of the two.")
    return mirrors


def hosts_of(entry: Entry) -> tuple[str, ...]:
    hosts = tuple(one.strip().lower() for one in entry.texts("hosts"))
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise entry.wrong("hosts", "has one that is no plain name of a host", _PLAIN_HOST)
    return tuple(host.strip("[]") for host in hosts)


def statuses_of(entry: Entry) -> tuple[int, ...]:
    statuses = entry.integers("statuses", (200,), 100, 599)
    wrong = [one for one in statuses if one in _NEVER_AVAILABLE or not 200 <= one < 500]
    wrong += [one for one in statuses if 300 <= one < 400]
    if wrong or not statuses:
        what = f"has {wrong[0]}, which never says available" if wrong else "is empty"
        raise entry.wrong("statuses", what, "Write for instance [200].")
    return statuses


def method_of(entry: Entry, body_contains: Sequence[str]) -> str:
    method = entry.text("method", "GET" if body_contains else "HEAD").upper()
    if method not in ("GET", "HEAD"):
        raise entry.wrong("method", "is neither GET nor HEAD", "Remove it.")
    if method == "HEAD" and body_contains:
        fix = "Remove it: where a body rule stands, GET is used."
        raise entry.wrong("method", "is HEAD, which brings no body for body_contains", fix)
    return method


def needed_controls_of(entry: Entry) -> Controls:
    controls = controls_of(entry)
    if not controls:
        raise entry.wrong(
            "controls", "is missing",
            'Write {"available": [TMDB ids that are there], "unavailable": [ids that are not]}.',
        )  # fmt: skip
    return controls


def controls_of(entry: Entry) -> Controls:
    inner = entry.inner("controls")
    if inner is None:
        return Controls()
    inner.check_known(("available", "unavailable"), "controls")
    lists = [inner.integers(field, (), 1, _LARGEST_ID) for field in ("available", "unavailable")]
    for field, ids in zip(("available", "unavailable"), lists, strict=True):
        if not ids:
            raise inner.wrong(field, "is empty", "Name one TMDB id at least in each list.")
    if both := set(lists[0]) & set(lists[1]):
        raise inner.wrong("unavailable", f"has {min(both)} that is available too", "Decide.")
    return Controls(*lists)


def regions_of(entry: Entry) -> tuple[str, ...]:
    regions = tuple(dict.fromkeys(one.strip().upper() for one in entry.texts("regions")))
    for region in regions:
        if region not in COUNTRIES:
            fix = "Write codes of two letters such as US, DE, GB (ISO 3166-1)."
            raise entry.wrong("regions", f"has one that is no country: {region[:2]}", fix)
    return regions


def media_types_of(entry: Entry, default: Sequence[str]) -> tuple[str, ...]:
    found = entry.texts("media_types") or tuple(default)
    if not set(found) <= set(MEDIA_TYPES):
        raise entry.wrong("media_types", "has one that is unknown", 'Write "movie" or "tv".')
    return found


def one_media_type_of(entry: Entry, default: str) -> tuple[str, ...]:
    found = media_types_of(entry, (default,))
    if len(found) > 1:
        fix = "Make two entries: a film and a series may have the same id."
        raise entry.wrong("media_types", "has both", fix)
    return found


def confirm_hours_of(entry: Entry) -> float:
    return entry.number("confirm_hours", 6, 0, 720)


def rate_of(entry: Entry) -> float:
    return entry.number("rate_per_second", 2, 0.01, 1000)


def concurrency_of(entry: Entry) -> int:
    return entry.integer("concurrency", 4, 1, 64)
