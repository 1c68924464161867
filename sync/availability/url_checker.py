"""Asking for the address of one title, at one mirror after the other."""

from __future__ import annotations

from collections.abc import Callable

from popflix.lib.clock import Clock
from popflix.lib.http import RateLimited, Unavailable
from popflix.lib.http.hops import Probe
from popflix.lib.http.probe import Prober
from sync.availability.mirrors import Mirror, Mirrors
from sync.availability.template import base_and_rest, fill, host_of, placeholders
from sync.availability.types import Checked, Judged, ProviderConfig, Stored, Target
from sync.availability.verdict import NO_IMDB_ID, is_passing, judge_probe, unknown

_NO_HEAD = (405, 501)  # then GET is the way to ask


class UrlChecker:
    """Thread-safe."""

    def __init__(
        self, config: ProviderConfig, prober: Prober, mirrors: Mirrors, clock: Clock
    ) -> None:
        self._config, self._prober, self._mirrors, self._clock = config, prober, mirrors, clock
        self._rest = base_and_rest(config.template)[1]
        self._needs_imdb_id = "imdb_id" in placeholders(config.template)
        own = (host_of(mirror.base) for mirror in mirrors.all)
        self._may_visit = frozenset((*config.hosts, *own))
        self._without_head: set[str] = set()  # labels of mirrors that took no HEAD

    def begin(self, between: Callable[[], object] = lambda: None) -> None:
        """Nothing has to be read ahead."""

    def check(
        self, target: Target, lane: int, *, stored: Stored | None = None, mirror: str = ""
    ) -> Checked:
        if self._needs_imdb_id and not target.imdb_id:
            words = "TMDB names no IMDb id for it, which the address needs"
            return self._checked(target, unknown(NO_IMDB_ID, words))
        chosen = self._mirrors.take(mirror)
        probe = self._ask(chosen, f"{chosen.base}{fill(self._rest, target)}", lane)
        if is_passing(probe):
            raise self._passing(chosen, probe)
        self._mirrors.answered(chosen)
        return self._checked(target, judge_probe(probe, self._config), chosen, probe.seconds)

    @property
    def request_count(self) -> int:
        return self._prober.sent

    def close(self) -> None:
        self._prober.close()

    def _ask(self, mirror: Mirror, url: str, lane: int) -> Probe:
        method = "GET" if mirror.label in self._without_head else self._config.method
        probe = self._probe(mirror, method, url, lane)
        if method == "GET" or probe.detour or probe.status not in _NO_HEAD:
            return probe
        probe = self._probe(mirror, "GET", url, lane)
        if not probe.detour and probe.status not in _NO_HEAD:
            self._without_head.add(mirror.label)
        return probe

    def _probe(self, mirror: Mirror, method: str, url: str, lane: int) -> Probe:
        try:
            return self._prober.probe(
                url, method=method, hosts=self._may_visit, lane=lane, upstream=self._named(mirror)
            )
        except Unavailable as error:
            self._mirrors.failed(mirror)
            error.mirror = mirror.label
            raise

    def _passing(self, mirror: Mirror, probe: Probe) -> RateLimited | Unavailable:
        """The error of an answer that another try may mend; who must wait has been told."""
        error = (
            self._limited(mirror, probe) if probe.status == 429 else self._failed(mirror, probe)
        )
        error.mirror = mirror.label
        return error

    def _limited(self, mirror: Mirror, probe: Probe) -> RateLimited | Unavailable:
        named, asked = self._named(mirror), probe.retry_after
        if self._mirrors.are_several:
            # Not `retry_after`, which is one mirror's: the others may be asked at once.
            error = RateLimited(named, "answered 429", status=429)
            error.wait_seconds = self._mirrors.limited(mirror, asked)
            return error
        error = RateLimited(named, "answered 429", status=429, retry_after=asked)
        error.wait_seconds = self._prober.penalize(asked, named)
        return error

    def _failed(self, mirror: Mirror, probe: Probe) -> RateLimited | Unavailable:
        self._mirrors.failed(mirror)
        return Unavailable(self._named(mirror), f"answered {probe.status}", status=probe.status)

    def _named(self, mirror: Mirror) -> str:
        name = self._config.name
        return f"{name} ({mirror.label})" if mirror.label else name

    def _checked(
        self, target: Target, judged: Judged, mirror: Mirror | None = None, seconds: float = 0.0
    ) -> Checked:
        return Checked(
            target,
            overall=judged,
            at=self._clock.now(),
            mirror=mirror.label if mirror else "",
            seconds=seconds,
            was_sent=mirror is not None,
        )
