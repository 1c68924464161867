"""What one answer of a provider says of a title. Pure.

| the answer                                     | says                                       |
|------------------------------------------------|--------------------------------------------|
| a status of `statuses`, and all rules hold     | available                                  |
| 404, 410                                       | unavailable                                |
| 408, 425, 429, 5xx, none in time, none at all  | unknown: worth another try (`is_passing`)  |
| 401, 403, 407                                  | unknown: a login page, a wall against bots |
| a redirect to another host, or an endless one  | unknown                                    |
| a status of `statuses`, and a rule does not    | unknown: a page that looks real, a soft 404 |
| any other                                      | unknown                                    |
"""

from __future__ import annotations

import hashlib

from popflix.lib.http.errors import BadPayload, UpstreamError
from popflix.lib.http.hops import Detour, Probe
from sync.availability.types import Found, Judged, ProviderConfig

BODY, HOSTS, NETWORK, NO_IMDB_ID = "body_contains", "hosts", "network", "no imdb_id"
NO_SUCH_TITLE, PAYLOAD, CONTROLS = "no such title", "payload", "controls"
_NOT_THERE, _REFUSED, _PASSING = (404, 410), (401, 403, 407), (408, 425, 429)
_KINDS = {
    "429": "limited",
    NETWORK: "fault",
    "408": "fault",
    "425": "fault",
    **{str(status): "refused" for status in _REFUSED},
    **{detour.value: "redirect" for detour in Detour if detour},
    NO_SUCH_TITLE: "gone",
    CONTROLS: "controls",
}


def judge_probe(probe: Probe, config: ProviderConfig) -> Judged:
    """Also of an answer that `is_passing`: unknown, should nobody ask again."""
    found, rule, words = _decide(probe, config)
    return Judged(
        found,
        rule,
        words,
        code=probe.status,
        final_host=probe.host[:100],
        excerpt_sha256=hashlib.sha256(probe.body).hexdigest() if probe.body else "",
    )


def is_passing(probe: Probe) -> bool:
    """Whether another try may bring an answer."""
    return probe.status in _PASSING or probe.status >= 500


def judge_error(error: UpstreamError) -> Judged:
    """What is left of a check after its last try: nothing is known."""
    if isinstance(error, BadPayload):
        return unknown(PAYLOAD, str(error), code=error.status)
    rule = NETWORK if error.status is None else str(error.status)
    return unknown(rule, str(error), code=error.status)


def unknown(rule: str, words: str, code: int | None = None) -> Judged:
    return Judged(Found.UNKNOWN, rule, words, code=code)


def failure_kind(judged: Judged) -> str:
    """Of an unknown, for dead letters: limited, fault, refused, redirect, gone, controls, rule."""
    is_fault = judged.code is not None and judged.code >= 500 and judged.rule.isdecimal()
    return "fault" if is_fault else _KINDS.get(judged.rule, "rule")


def _decide(probe: Probe, config: ProviderConfig) -> tuple[Found, str, str]:
    status = str(probe.status)
    if probe.detour is Detour.FOREIGN:
        where = probe.host or "an address of another kind"
        return Found.UNKNOWN, probe.detour.value, f"it redirects to {where}, which is not allowed"
    if probe.detour is Detour.ENDLESS:
        return Found.UNKNOWN, probe.detour.value, "its redirects come to no end"
    if probe.status in _NOT_THERE:
        return Found.UNAVAILABLE, status, f"answered {status}"
    if probe.status in _REFUSED:
        return Found.UNKNOWN, status, f"answered {status}: a login, or a wall against bots"
    if is_passing(probe) or probe.status not in config.statuses:
        return Found.UNKNOWN, status, f"answered {status}"
    return _by_rules(probe, config)


def _by_rules(probe: Probe, config: ProviderConfig) -> tuple[Found, str, str]:
    if probe.host not in config.hosts:
        words = f"answered {probe.status} from {probe.host}, which hosts does not name"
        return Found.UNKNOWN, HOSTS, words
    missing = [text for text in config.body_contains if text.encode() not in probe.body]
    if missing:
        extent = "" if probe.is_whole else f" in its first {len(probe.body)} bytes"
        words = f"answered {probe.status} without “{missing[0][:60]}”{extent}"
        return Found.UNKNOWN, BODY, words
    rule = BODY if config.body_contains else HOSTS
    return Found.AVAILABLE, rule, f"answered {probe.status}, and the rules hold"
