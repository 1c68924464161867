"""An invented provider of films: addresses per title, mirrors, lists, and manners to be set.

    /embed/movie/ID   /embed/tv/ID   /embed/tv/ID/SEASON-EPISODE      ID: TMDB's, or IMDb's tt…
    /m1/embed/…  to  /m9/embed/…                                      the same at a mirror
    /list/movies.json   /list/movies/page-1.json                      what is there
    GET  /__sandbox__/provider                                        what was asked
    POST /__sandbox__/provider?behaviour=faults=0.2&mirror=m1&edition=2&latency_ms=50
    GET  /__sandbox__/provider/truth?media_type=movie&ids=5,6         what is right

It has no key and no limit of its own, and none of TMDB's counts see it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from popflix.sandbox import provider_pages as pages
from popflix.sandbox.answers import Answer, encode, failure
from popflix.sandbox.faults import FAULTS, FaultSpecError
from popflix.sandbox.provider_counts import ProviderCounts
from popflix.sandbox.provider_manners import (
    HONEST,
    LIMITED_MIRROR,
    Behaviour,
    Manners,
    parse_behaviour,
)
from popflix.sandbox.provider_spoilt import Given, misbehaved
from popflix.sandbox.provider_truth import MOST_EDITIONS, Truth

EVERY_MIRROR = ""
_PATH = re.compile(r"(?:/(m[1-9]))?/((?:embed|list)/[^\s]*|login)")
_TITLE = re.compile(r"embed/(movie|tv)/([\w]{1,12})(?:/(\d{1,4})-(\d{1,4}))?")
_MIRROR = re.compile(r"m[1-9]|")


class Provider:
    """Answers for what `truth` says is there."""

    def __init__(
        self, truth: Truth, seed: int = 1, behaviour: Behaviour = HONEST, latency: float = 0.0
    ) -> None:
        self.counts = ProviderCounts()
        self.latency = latency  # seconds
        self._truth = truth
        self._seed = seed
        self._manners: dict[str, Manners] = {}
        self._behave(behaviour, EVERY_MIRROR)

    def answer(self, method: str, target: str) -> Given | None:
        """None where `target`, a path and its query, is none of the provider's."""
        path = target.partition("?")[0]
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        mirror, name = match[1] or "", match[2]
        if method not in ("GET", "HEAD"):
            return Given(mirror, name, pages.WRONG_METHOD)
        if name == "login":
            return Given(mirror, name, pages.LOGIN)
        given = Given(mirror, name, self._true(name))
        spoilt = self._manners_at(mirror).next(path)
        if spoilt in FAULTS:
            return replace(given, spoilt=spoilt)
        return misbehaved(given, spoilt, method, self._truth) if spoilt else given

    def note(self, given: Given, status: str, now: float, delay: float) -> None:
        """Count a request that arrived `now` and is answered `delay` seconds later."""
        self.counts.arrived(now, given.mirror, given.path)
        self.counts.answers_at(now + delay, now, given.mirror)
        self.counts.answered(given.mirror, given.path, status, given.spoilt)

    def own_page(self, method: str, name: str, query: str) -> Answer:
        """What lies under /__sandbox__/: the report, the truth, and (POST) how to be."""
        params = dict(parse_qsl(query, keep_blank_values=True))
        if name == "provider/truth":
            return self._told_truth(params)
        if method == "POST":
            try:
                self._set(params)
            except FaultSpecError as error:
                return failure(400, 47, str(error))
        return Answer(200, encode(self.report()))

    def report(self) -> dict[str, Any]:
        behaviours = {
            mirror: f"{manners.behaviour.name}={manners.behaviour.share:g}"
            for mirror, manners in sorted(self._manners.items())
        }
        settings = {"edition": self._truth.edition, "behaviours": behaviours}
        return settings | self.counts.report()

    def reset(self) -> None:
        """Forget what was asked; behaviour and edition stay as they are set."""
        self.counts.reset()
        for manners in self._manners.values():
            manners.reset()

    def _true(self, name: str) -> Answer:
        if name.startswith("list/"):
            return pages.listed(name, self._truth)
        return pages.player(name.rpartition("/")[2]) if self._is_there(name) else pages.MISSING

    def _is_there(self, name: str) -> bool:
        match = _TITLE.fullmatch(name)
        if match is None:
            return False
        media_type, title, season, episode = match.groups()
        number = self._truth.number_of(media_type, title)
        return self._truth.has(media_type, number, int(season or 0), int(episode or 0))

    def _manners_at(self, mirror: str) -> Manners:
        return self._manners.get(mirror) or self._manners[EVERY_MIRROR]

    def _behave(self, behaviour: Behaviour, mirror: str) -> None:
        """At every mirror: what was set of single ones is forgotten."""
        if behaviour.name == "limited_mirror" and mirror == EVERY_MIRROR:
            self._behave(HONEST, EVERY_MIRROR)
            mirror = LIMITED_MIRROR
        if mirror == EVERY_MIRROR:
            self._manners.clear()
        self._manners[mirror] = Manners(behaviour, self._seed)

    def _set(self, params: Mapping[str, str]) -> None:
        """What `params` do not name stays. Raises FaultSpecError, having changed nothing."""
        mirror = params.get("mirror", EVERY_MIRROR)
        if not _MIRROR.fullmatch(mirror):
            raise FaultSpecError(f"mirror {mirror[:20]!r}: m1 to m9, or nothing for all")
        asked = params.get("behaviour")
        behaviour = None if asked is None else parse_behaviour(asked)
        edition = _whole(params, "edition", 1, MOST_EDITIONS)
        latency = _whole(params, "latency_ms", 0, 600_000)
        if behaviour is not None:
            self._behave(behaviour, mirror)
        if edition is not None:
            self._truth.edition = edition
        if latency is not None:
            self.latency = latency / 1000

    def _told_truth(self, params: Mapping[str, str]) -> Answer:
        media_type = params.get("media_type", "movie")
        if media_type not in ("movie", "tv"):
            return failure(400, 47, "Write media_type=movie or media_type=tv.")
        ids = [each for each in params.get("ids", "").split(",") if each.isdecimal()]
        return Answer(200, encode({each: self._truth.has(media_type, int(each)) for each in ids}))


def _whole(params: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise FaultSpecError(f"{name} {text[:20]!r}: a number from {least} to {most}")
    return int(text)
