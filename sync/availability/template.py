"""Addresses with placeholders: what they may hold, and what becomes of them. Pure.

No text of an address is ever part of an error: its query may carry a key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from string import Formatter
from urllib.parse import parse_qsl, quote, urlsplit

from popflix.lib.addresses import is_address, is_http
from sync.availability.types import Target

OF_A_TITLE = ("tmdb_id", "imdb_id", "season", "episode")
OF_A_PAGE = ("page",)
_SAMPLE = dict.fromkeys((*OF_A_TITLE, *OF_A_PAGE), "1")
# Beginnings and ends of names, so that `monkey=1` is none; what is taken for a key in vain is
# merely not shown.
_KEY_NAME = re.compile(
    r"(?i)^(.*[_-])?(api)?(key|token|secret|password|passwd|pass|pwd|auth|sig|signature|hash|code"
    r"|session|sid|user|login|account|jwt|apikey|accesskey|authkey|access[_-]?token|credential)s?$"
)


def placeholders(template: str) -> set[str]:
    """The names in braces. Raises ValueError in words for braces that name nothing."""
    try:
        fields = list(Formatter().parse(template))
    except ValueError:
        raise ValueError("has a brace without its other half") from None
    named = [(name, spec, conversion) for _, name, spec, conversion in fields if name is not None]
    if any(spec or conversion or not name for name, spec, conversion in named):
        raise ValueError("has braces that hold no plain name")
    return {name for name, _, _ in named}


def fault_of_address(template: str) -> str:
    """What is wrong with an address, "" where nothing is. Its placeholders are known ones."""
    if not is_address(template):
        return "is no http or https address"
    rest = template.partition("://")[2]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "{" in host:
        return "has a placeholder in its host"
    if "@" in host:
        return "holds a name or password before the @"
    if not (template.isascii() and template.isprintable()) or " " in template:
        return "has characters that no address has"
    if "#" in rest:
        return "has a #, whose rest is never sent"
    if not is_http(template.format_map(_SAMPLE)):
        return "is no http or https address"
    return ""


def base_and_rest(template: str) -> tuple[str, str]:
    """Scheme with host, and what follows: a mirror takes the place of the first."""
    scheme, _, after = template.partition("://")
    at = next((i for i, char in enumerate(after) if char in "/?"), len(after))
    rest = after[at:]
    return f"{scheme}://{after[:at]}", rest if rest.startswith("/") else f"/{rest}"


def host_of(address: str) -> str:
    """Lower-case, without a port."""
    return (urlsplit(address).hostname or "").lower()


def label_of(address: str) -> str:
    """How a mirror is called: host, port and path. It has no query."""
    parts = urlsplit(address)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


def fill(rest: str, target: Target) -> str:
    """The address of one title. Of a whole series it is that of its first episode."""
    values = {
        "tmdb_id": target.tmdb_id,
        "imdb_id": quote(target.imdb_id, safe=""),
        "season": target.season or 1,
        "episode": target.episode or 1,
    }
    return rest.format_map(values)


def secrets_in(address: str) -> Iterator[str]:
    """The values of parameters whose names are those of keys; placeholders are none."""
    query = address.partition("?")[2]
    for name, value in parse_qsl(query):
        if _KEY_NAME.fullmatch(name) and "{" not in value:
            yield value


def unknown_names(template: str, known: Collection[str]) -> list[str]:
    return sorted(name[:40] for name in placeholders(template) - set(known))
