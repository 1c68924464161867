"""What POPFLIX_PROVIDERS may say, made into `ProviderConfig`s. Pure.

Raised is ConfigurationError, which names entry and field, and says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from popflix.lib.addresses import is_address
from popflix.lib.errors import ConfigurationError
from sync.availability.config_fields import (
    MEDIA_TYPES,
    concurrency_of,
    confirm_hours_of,
    controls_of,
    hosts_of,
    media_types_of,
    method_of,
    mirrors_of,
    needed_controls_of,
    one_media_type_of,
    rate_of,
    regions_of,
    statuses_of,
    template_of,
)
from sync.availability.entry import SETTING, Entry
from sync.availability.template import (
    OF_A_PAGE,
    OF_A_TITLE,
    fault_of_address,
    host_of,
    placeholders,
    secrets_in,
)
from sync.availability.types import Kind, ProviderConfig

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_EVERY_KIND = ("name", "kind", "controls", "confirm_hours", "concurrency", "media_types")
_ASKED = (*_EVERY_KIND, "template", "rate_per_second")
_FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.TMDB: (*_EVERY_KIND, "regions"),
    Kind.URL: (*_ASKED, "body_contains", "hosts", "statuses", "method", "mirrors"),
    Kind.LIST: _ASKED,
}


def parse_providers(entries: Any) -> tuple[ProviderConfig, ...]:
    if not isinstance(entries, list | tuple):
        raise ConfigurationError(f"{SETTING} is not a JSON list.", "See it in .env.example.")
    found: list[ProviderConfig] = []
    for number, fields in enumerate(entries, 1):
        if not isinstance(fields, dict):
            fix = 'Write {"name": …, "kind": …} in its place.'
            raise ConfigurationError(f"Entry {number} of {SETTING} is no JSON object.", fix)
        entry = Entry(number, fields)
        config = _parse(entry)
        if any(config.name == other.name for other in found):
            raise entry.wrong("name", "is another entry's too", "Choose another one.")
        found.append(config)
    return tuple(found)


def secrets_of(config: ProviderConfig) -> Iterator[str]:
    """What must reach no log, row or page: values in the template's query that look like keys."""
    return secrets_in(config.template)


def _parse(entry: Entry) -> ProviderConfig:
    name = entry.text("name")
    if not _NAME.fullmatch(name):
        fix = "Write a small letter, then small letters, digits and hyphens, 30 in all at most."
        raise entry.wrong("name", "is missing" if not name else "is no name of that form", fix)
    entry.name = name
    kind = _kind(entry)
    entry.check_known(_FIELDS[kind], f"an entry of kind {kind}")
    if kind is Kind.TMDB:
        return _of_tmdb(entry)
    return _of_urls(entry) if kind is Kind.URL else _of_a_list(entry)


def _kind(entry: Entry) -> Kind:
    try:
        return Kind(entry.text("kind"))
    except ValueError:
        what = "is none of the three" if entry.has("kind") else "is missing"
        raise entry.wrong("kind", what, 'Write "tmdb", "url" or "list".') from None


def _of_tmdb(entry: Entry) -> ProviderConfig:
    return ProviderConfig(
        name=entry.name,
        kind=Kind.TMDB,
        regions=regions_of(entry),
        media_types=media_types_of(entry, MEDIA_TYPES),
        controls=controls_of(entry),
        confirm_hours=confirm_hours_of(entry),
        concurrency=concurrency_of(entry),
    )


def _of_urls(entry: Entry) -> ProviderConfig:
    template = template_of(entry, OF_A_TITLE)
    names = placeholders(template)
    if fault := fault_of_address(template):
        fix = "Write it as https://player.example/embed/movie/{tmdb_id}."
        raise entry.wrong("template", fault, fix)
    if not names & {"tmdb_id", "imdb_id"}:
        raise entry.wrong("template", "names no title", "Put {tmdb_id} or {imdb_id} into it.")
    if "episode" in names and "season" not in names:
        raise entry.wrong("template", "has {episode} alone", "Put {season} into it as well.")
    mirrors = mirrors_of(entry)
    body_contains = entry.texts("body_contains")
    hosts = hosts_of(entry)
    if not (body_contains or hosts):
        raise entry.wrong(
            "body_contains", "and hosts are both missing",
            "Say what a real page contains, or from which hosts it comes: 200 alone says nothing.",
        )  # fmt: skip
    return ProviderConfig(
        name=entry.name,
        kind=Kind.URL,
        template=template,
        body_contains=body_contains,
        hosts=hosts or tuple(dict.fromkeys(host_of(one) for one in mirrors or (template,))),
        statuses=statuses_of(entry),
        method=method_of(entry, body_contains),
        mirrors=mirrors,
        controls=needed_controls_of(entry),
        confirm_hours=confirm_hours_of(entry),
        rate_per_second=rate_of(entry),
        concurrency=concurrency_of(entry),
        media_types=one_media_type_of(entry, "tv" if "season" in names else "movie"),
    )


def _of_a_list(entry: Entry) -> ProviderConfig:
    template = template_of(entry, OF_A_PAGE)
    fault = fault_of_address(template) if is_address(template) else ""
    if fault:
        fix = "Write the path of a file, or an address such as https://player.example/list.json."
        raise entry.wrong("template", fault, fix)
    return ProviderConfig(
        name=entry.name,
        kind=Kind.LIST,
        template=template,
        method="GET",
        controls=needed_controls_of(entry),
        confirm_hours=confirm_hours_of(entry),
        rate_per_second=rate_of(entry),
        concurrency=concurrency_of(entry),
        media_types=one_media_type_of(entry, "movie"),
    )
